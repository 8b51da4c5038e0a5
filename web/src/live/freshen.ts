/** Keeps what is on the screen true: each event says which answers are old. Rows change where they are; none is moved. */
import type { QueryKey } from "@tanstack/preact-query";
import { get } from "../api/client";
import { queries } from "../api/queries";
import type { Document, Hit, SearchPage } from "../api/shapes";
import { isLocked } from "../parts/states";
import { isListed, letBack, takeOut } from "../library/pages";
import { Store } from "../store";
import type { LiveEvent } from "./event";
import { connection, onEvent } from "./stream";

const SETTLE_MS = 300;
/** The catalogue may hear of an event a moment later than the stream did. */
const CATCH_UP_AGAIN_MS = 2_000;
/** More changed files than this at once: the lists are asked again as a whole. */
const ONE_BY_ONE = 24;
/** A page that is left open for days counts no further. */
const ARRIVALS_MOST = 1_000;

/** Files that came since the list on the screen was asked for. */
export const arrivals = new Store<ReadonlySet<string>>(new Set());

const GONE = new Set(["file.deleted", "file.purged"]);
const changed = new Set<string>();
/** A file came back from the trash: it stands somewhere in the lists, and only the service knows where. */
let back = false;
let timer = 0;

export function freshen(): void {
  onEvent((event: LiveEvent) => {
    if (event.type === "file.accessed") return;
    // Told again with each of its events, since the catalogue may not have it yet at the first one.
    if (event.type === "file.uploaded" || arrivals.get().has(event.subject))
      arrivals.set(new Set([...arrivals.get(), event.subject].filter((id) => !isListed(id)).slice(-ARRIVALS_MOST)));
    if (GONE.has(event.type)) {
      takeOut(new Set([event.subject]));
      window.setTimeout(() => void queries.invalidateQueries({ queryKey: ["file", event.subject] }), CATCH_UP_AGAIN_MS);
    }
    if (event.type === "file.restored") {
      letBack([event.subject]);
      back = true;
    }
    // Asked again when the library is next opened: they are a filter's choices, and cost more than a row.
    if (event.type === "file.updated") void queries.invalidateQueries({ queryKey: ["tags"], refetchType: "none" });
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

/** What was asked for before the stream began, or while it was away, may have missed an event. */
function catchUp(): void {
  for (const key of ["files", "file", "timeline", "stats", "groups"])
    void queries.invalidateQueries({ queryKey: [key] });
}

const pages = (): [QueryKey, SearchPage | undefined][] => queries.getQueriesData<SearchPage>({ queryKey: ["files"] });

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
    predicate: ({ state }) => (state.data as SearchPage | undefined)?.items.length === 0,
  });
  const wanted = new Set(ids);
  const here = pages().flatMap(([, page]) => page?.items.filter((hit) => wanted.has(hit.file_id)) ?? []);
  const kept = [...new Set(here.map((hit) => hit.file_id))];
  const whole = () => void queries.invalidateQueries({ queryKey: ["files"] });
  if (back || kept.length > ONE_BY_ONE) whole();
  else kept.forEach((id) => void renew(id));
  if (back) window.setTimeout(whole, CATCH_UP_AGAIN_MS);
  back = false;
}

/** One file's row, asked anew and put where it was; a file that is gone leaves the lists. */
async function renew(id: string): Promise<void> {
  const file = await get<Document>(`/api/metadata/files/${id}`).catch((problem: { status?: number }) =>
    problem.status === 404 ? null : undefined,
  );
  if (file === null) takeOut(new Set([id]));
  else if (file)
    queries.setQueriesData<SearchPage>(
      { queryKey: ["files"] },
      (page) => page && { ...page, items: replaced(page, file) },
    );
}

const replaced = (page: SearchPage, file: Document): Hit[] =>
  page.items.map((hit) => (hit.file_id === file.file_id ? { ...hit, ...shown(file) } : hit));

/** What a row shows of a document; score and highlights stay those of the search. */
function shown(file: Document): Partial<Hit> {
  const { filename, title, tags, size, content_type, status, status_reason, analysis, summary, version, warnings } =
    file;
  const needs_password = isLocked(file);
  return {
    filename,
    title,
    tags,
    size,
    content_type,
    status,
    status_reason,
    analysis,
    summary,
    version,
    warnings,
    needs_password,
  };
}
