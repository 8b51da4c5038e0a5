/** The pages behind a line: asked for while something of them can be seen, forgotten soon after. */
import { useQueries, useQuery } from "@tanstack/preact-query";
import { useLayoutEffect } from "preact/hooks";
import { address, get } from "../api/client";
import { queries } from "../api/queries";
import type { Hit, SearchPage } from "../api/shapes";
import { dayOf } from "../parts/format";
import { Store } from "../store";
import { missing, placed, without, type Line } from "./line";

export interface Asked {
  q: string;
  sort: string;
}

/** The first page is small, so that something is there soon. */
const FIRST_FILES = 100;
const NEXT_FILES = 200;
/** What was scrolled past is kept so long, in milliseconds. */
const KEPT_MS = 10_000;
const LINES_MOST = 4;
/** A first page that is behind is asked for again so much later. */
const BEHIND_AGAIN_MS = 2_000;

const lines = new Map<string, Store<Line>>();
const name = (asked: Asked) => `${asked.sort}|${asked.q}`;

/** The line of a search; those that nobody looked at for longest are given up. */
export function lineOf(asked: Asked): Store<Line> {
  const line = lines.get(name(asked)) ?? new Store<Line>([]);
  lines.delete(name(asked));
  lines.set(name(asked), line);
  if (lines.size > LINES_MOST) lines.delete(lines.keys().next().value!);
  return line;
}

const idsOf = new WeakMap<Line, ReadonlySet<string>>();

function idsIn(line: Line): ReadonlySet<string> {
  const known = idsOf.get(line) ?? new Set(line.flatMap((slice) => slice.ids));
  idsOf.set(line, known);
  return known;
}

/** Whether a list has it; asked for every file that an event is about, so it is looked up, not searched for. */
export const isListed = (id: string): boolean => [...lines.values()].some((line) => idsIn(line.get()).has(id));

/**
 * Files that went lately, and when. The catalogue hears of it a moment after this page did: an answer that still has one of
 * them is an old one, and no event comes again to say so.
 */
const goneAt = new Map<string, number>();
/** Whoever has not heard by then is believed: the file may have come back without this page knowing. */
const GONE_MS = 60_000;

const isGone = (id: string): boolean => Date.now() - (goneAt.get(id) ?? -GONE_MS) < GONE_MS;

/** Files that are gone leave every line, and do not come back with an answer of before. */
export function takeOut(gone: ReadonlySet<string>): void {
  for (const [id, at] of goneAt) {
    if (Date.now() - at < GONE_MS) break;
    goneAt.delete(id);
  }
  for (const id of gone) {
    goneAt.delete(id);
    goneAt.set(id, Date.now());
  }
  for (const line of lines.values()) {
    const rest = without(line.get(), gone);
    if (rest !== line.get()) line.set(rest);
  }
}

/** Files that are there again. */
export const letBack = (ids: readonly string[]): void => ids.forEach((id) => goneAt.delete(id));

function put(asked: Asked, cursor: string, page: SearchPage): void {
  const line = lineOf(asked);
  const [ids, days] = [page.items.map((hit) => hit.file_id), page.items.map((hit) => dayOf(hit.created_at))];
  line.set(placed(line.get(), { cursor, next: page.next_cursor, ids, days }));
}

/** A page, and whether the catalogue has still to hear of something: then its counts are of before. */
type Page = SearchPage & { behind: boolean };

async function ask(asked: Asked, cursor: string, signal?: AbortSignal): Promise<Page> {
  const limit = cursor ? NEXT_FILES : FIRST_FILES;
  const answer = await get<SearchPage>(address("/api/metadata/files", { ...asked, limit, cursor }), signal);
  const items = answer.items.filter((hit) => !isGone(hit.file_id));
  const page = { ...answer, items, behind: items.length < answer.items.length || Boolean(answer.not_indexed) };
  put(asked, cursor, page);
  return page;
}

const query = (asked: Asked, cursor: string) => ({
  queryKey: ["files", asked.q, asked.sort, cursor],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask(asked, cursor, signal),
});

/** The first page, which knows the counts too. Until it is there, `placeholder` is that of the search before: nothing flashes. */
export function useFirst(asked: Asked) {
  const first = useQuery({
    ...query(asked, ""),
    placeholderData: (before: Page | undefined) => before,
    refetchInterval: ({ state }) => (state.data?.behind ? BEHIND_AGAIN_MS : false),
  });
  useLayoutEffect(() => {
    // The line may have been given up while its first page was still kept.
    if (first.data && !first.isPlaceholderData && !lineOf(asked).get().length) put(asked, "", first.data);
  }, [first.data, first.isPlaceholderData]);
  return first;
}

/** What the files of these pages look like, by id. */
export function useHits(asked: Asked, cursors: readonly string[]): Map<string, Hit> {
  const found = useQueries({
    queries: cursors.map((cursor) => (cursor ? { ...query(asked, cursor), gcTime: KEPT_MS } : query(asked, cursor))),
  });
  return new Map(found.flatMap((one) => one.data?.items.map((hit): [string, Hit] => [hit.file_id, hit]) ?? []));
}

const running = new Map<string, Promise<void>>();

/** Make the line longer by one page, or close its first gap. A failure is shown by what is missing, and tried again with the next look. */
export function goOn(asked: Asked): Promise<void> {
  const next = missing(lineOf(asked).get());
  if (!next?.cursor) return Promise.resolve();
  const key = `${name(asked)}|${next.cursor}`;
  const one =
    running.get(key) ??
    queries
      .fetchQuery({ ...query(asked, next.cursor), gcTime: KEPT_MS, staleTime: 0 })
      .then(() => undefined)
      .finally(() => running.delete(key));
  running.set(key, one);
  return one;
}

/** Every id of the search, however many; tells how far it is. Raises the problem that stopped it. */
export async function gather(asked: Asked, signal: AbortSignal, tell: (files: number) => void): Promise<void> {
  const line = lineOf(asked);
  for (let next = missing(line.get()); next; next = missing(line.get())) {
    signal.throwIfAborted();
    // Not kept as pages: nobody looks at them.
    await ask(asked, next.cursor, signal);
    tell(line.get().reduce((sum, slice) => sum + slice.ids.length, 0));
  }
}
