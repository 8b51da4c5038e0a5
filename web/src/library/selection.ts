/** Which files are chosen; ranges go by the order of the list, not by what is drawn. */
import { Store } from "../store";

export const selection = new Store<ReadonlySet<string>>(new Set());
let anchor: string | null = null;

export function clear(): void {
  anchor = null;
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
  selection.set(chosen);
}

export const choose = (ids: readonly string[]): void => selection.set(new Set(ids));
