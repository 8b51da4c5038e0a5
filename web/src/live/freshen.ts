/** Keeps what is on the screen true: each event says which answers are old. Rows change where they are; none is moved. */
import type { InfiniteData } from "@tanstack/preact-query";
import { get } from "../api/client";
import { queries } from "../api/queries";
import type { Document, Hit, SearchPage } from "../api/shapes";
import { Store } from "../store";
import { connection, onEvent, type LiveEvent } from "./stream";

const SETTLE_MS = 300;
/** The catalogue may hear of an event a moment later than the stream did. */
const CATCH_UP_AGAIN_MS = 2_000;
/** More changed files than this at once: the lists are asked again as a whole. */
const ONE_BY_ONE = 24;

/** Files that came since the list on the screen was asked for. */
export const arrivals = new Store<ReadonlySet<string>>(new Set());

const changed = new Set<string>();
let timer = 0;

type Pages = InfiniteData<SearchPage>;

export function freshen(): void {
  onEvent((event: LiveEvent) => {
    if (event.type === "file.accessed") return;
    // Told again with each of its events, since the catalogue may not have it yet at the first one.
    if (event.type === "file.uploaded" || arrivals.get().has(event.subject))
      arrivals.set(new Set([...arrivals.get(), event.subject].filter((id) => !isListed(id))));
    changed.add(event.subject);
    timer ||= window.setTimeout(settle, SETTLE_MS);
  });
  let wasConnected = false;
  connection.watch(() => {
    const isConnected = connection.get().state === "connected";
    if (isConnected && !wasConnected) {
      catchUp();
      window.setTimeout(catchUp, CATCH_UP_AGAIN_MS);
    }
    wasConnected = isConnected;
  });
}

/** What was asked for before the stream began may have missed an event. */
function catchUp(): void {
  for (const key of ["file", "timeline", "stats", "groups"]) void queries.invalidateQueries({ queryKey: [key] });
}

function isListed(id: string): boolean {
  return lists().some((pages) => pages.pages.some((page) => page.items.some((item) => item.file_id === id)));
}

const lists = (): Pages[] =>
  queries.getQueriesData<Pages>({ queryKey: ["files"] }).flatMap(([, data]) => (data ? [data] : []));

function settle(): void {
  timer = 0;
  const ids = [...changed];
  changed.clear();
  for (const id of ids) {
    void queries.invalidateQueries({ queryKey: ["file", id] });
    void queries.invalidateQueries({ queryKey: ["timeline", id] });
  }
  void queries.invalidateQueries({ queryKey: ["stats"] });
  void queries.invalidateQueries({ queryKey: ["groups"] });
  // A list with nothing in it has no place that could be lost.
  void queries.invalidateQueries({
    queryKey: ["files"],
    predicate: ({ state }) => isEmpty(state.data as Pages | undefined),
  });
  const listed = ids.filter(isListed);
  if (listed.length > ONE_BY_ONE) void queries.invalidateQueries({ queryKey: ["files"] });
  else listed.forEach((id) => void renew(id));
}

const isEmpty = (pages: Pages | undefined): boolean => pages?.pages.every((page) => !page.items.length) ?? false;

/** One file's row, asked anew and put where it was; a file that is gone leaves the list. */
async function renew(id: string): Promise<void> {
  const file = await get<Document>(`/api/metadata/files/${id}`).catch((problem: { status?: number }) =>
    problem.status === 404 ? null : undefined,
  );
  if (file === undefined) return;
  queries.setQueriesData<Pages>({ queryKey: ["files"] }, (before) => before && replaced(before, id, file));
}

function replaced(pages: Pages, id: string, file: Document | null): Pages {
  const items = (page: SearchPage): Hit[] =>
    page.items.flatMap((hit) => (hit.file_id !== id ? [hit] : file ? [{ ...hit, ...shown(file) }] : []));
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: items(page) })) };
}

/** What a row shows of a document; score and highlights stay those of the search. */
function shown(file: Document): Partial<Hit> {
  const { filename, title, tags, size, content_type, status, status_reason, analysis, summary, version, warnings } =
    file;
  return { filename, title, tags, size, content_type, status, status_reason, analysis, summary, version, warnings };
}
