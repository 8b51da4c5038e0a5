/** Which files are chosen; ranges go by the order of the list, not by what is drawn. */
import { Store } from "../store";
import { gather, lineOf, type Asked } from "./pages";
import { spotsOf } from "./line";

export const selection = new Store<ReadonlySet<string>>(new Set());
/** The search that the selection is all of; null: it was put together by hand. */
export let wholeOf: Asked | null = null;
/** How many files are known so far of a search that is being chosen as a whole. */
export const gathering = new Store<number | null>(null);
let anchor: string | null = null;
let stopped: AbortController | null = null;

export function clear(): void {
  anchor = null;
  wholeOf = null;
  stopped?.abort();
  if (selection.get().size) selection.set(new Set());
}

export function toggle(id: string, order: readonly string[], range: boolean): void {
  const chosen = new Set(selection.get());
  const [from, to] = [anchor ? order.indexOf(anchor) : -1, order.indexOf(id)];
  if (range && from >= 0 && to >= 0) {
    for (const one of order.slice(Math.min(from, to), Math.max(from, to) + 1)) chosen.add(one);
  } else if (!chosen.delete(id)) {
    chosen.add(id);
  }
  anchor = id;
  wholeOf = null;
  selection.set(chosen);
}

/** Choose every file of a search, also those that nobody has scrolled to. Raises the problem that stopped it. */
export async function chooseAll(asked: Asked): Promise<void> {
  stopped?.abort();
  const mine = (stopped = new AbortController());
  gathering.set(0);
  try {
    await gather(asked, mine.signal, (files) => gathering.set(files));
    selection.set(new Set(spotsOf(lineOf(asked).get()).map((spot) => spot.id)));
    wholeOf = asked;
  } catch (error) {
    if (!mine.signal.aborted) throw error;
  } finally {
    if (stopped === mine) gathering.set(null);
  }
}
