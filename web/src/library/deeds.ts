/** What can be done with chosen files: each deed counts what it did and can be stopped, and deleting can be undone. */
import { address, call, Problem, send } from "../api/client";
import { queries } from "../api/queries";
import type { BulkPatched, Document, Job } from "../api/shapes";
import { say, sayProblem } from "../parts/messages";
import { Store } from "../store";
import { words } from "../words";
import { letBack, takeOut, type Asked } from "./pages";
import { clear } from "./selection";

const AT_ONCE = 6;
const TRIES = 5;
const REST_MS = 1_000;
/** Away, changed by somebody else since the deed looked at it, too many calls, or a queue that is full: worth another try. */
const PASSING = new Set([0, 412, 429, 502, 503, 504]);
/** Fewer files than this are done before anybody could read how far it is. */
const TOLD_FROM = 20;
/** A GET's address holds so many ids. */
const ADDRESS_IDS = 200;

export interface Running {
  done: number;
  all: number;
  stop: () => void;
}

/** The deed that is going on, if it takes a while. */
export const running = new Store<Running | null>(null);

const rest = (ms: number, signal: AbortSignal) =>
  new Promise<void>((go) => {
    const timer = setTimeout(go, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), go()), { once: true });
  });

/** Once more where that can help, after the rest that the service asks for. */
async function patiently(deed: () => Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await deed();
    } catch (error) {
      if (!(error instanceof Problem) || signal.aborted) throw error;
      // The answer to an earlier try was lost on the way: what was to be done is done.
      if (tries > 1 && error.status === 404) return undefined;
      if (!PASSING.has(error.status) || tries === TRIES) throw error;
      await rest(error.retryAfterS ? error.retryAfterS * 1000 : REST_MS * tries, signal);
    }
  }
}

interface Outcome {
  done: string[];
  problem: unknown;
}

/** Do it for each id, a few at a time, until somebody stops it. */
async function each(ids: readonly string[], deed: (id: string) => Promise<unknown>): Promise<Outcome> {
  const stopped = new AbortController();
  const done: string[] = [];
  let [next, problem]: [number, unknown] = [0, null];
  const tell = () => {
    if (ids.length >= TOLD_FROM) running.set({ done: done.length, all: ids.length, stop: () => stopped.abort() });
  };
  const worker = async () => {
    for (let id = ids[next++]; id && !stopped.signal.aborted; id = ids[next++]) {
      const one = id;
      try {
        await patiently(() => deed(one), stopped.signal);
        done.push(one);
        tell();
      } catch (error) {
        problem ??= error;
      }
    }
  };
  tell();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  running.set(null);
  return { done, problem };
}

const renewed = () =>
  Promise.all([queries.invalidateQueries({ queryKey: ["files"] }), queries.invalidateQueries({ queryKey: ["stats"] })]);

export async function restore(ids: readonly string[]): Promise<void> {
  const { done, problem } = await each(ids, (id) => call("POST", `/api/upload/files/${id}/restore`));
  letBack(done);
  if (problem) sayProblem(problem);
  if (done.length) say(words.bulk.restored(done.length));
  await renewed();
  for (const id of ids.slice(0, ADDRESS_IDS)) void queries.invalidateQueries({ queryKey: ["file", id] });
}

export async function remove(ids: readonly string[], said = words.bulk.deleted): Promise<void> {
  const { done, problem } = await each(ids, (id) => call("DELETE", `/api/upload/files/${id}`));
  clear();
  takeOut(new Set(done));
  if (problem) sayProblem(problem);
  if (done.length) say(said(done.length), { label: words.undo, run: () => void restore(done) });
  await renewed();
}

/** `whole`: the files are all that this search finds, so the service changes them a page at a time. */
export async function tag(ids: readonly string[], tags: string[], whole: Asked | null): Promise<void> {
  try {
    const { done, problem } = whole ? await tagAll(whole, tags, ids.length) : await tagEach(ids, tags);
    if (problem) sayProblem(problem);
    if (done) say(done === ids.length ? words.bulk.tagDone(done) : words.bulk.some(done, ids.length));
  } catch (error) {
    sayProblem(error);
  }
  await renewed();
}

async function tagEach(ids: readonly string[], tags: string[]): Promise<{ done: number; problem: unknown }> {
  const { done, problem } = await each(ids, async (id) => {
    const file = await call<Document>("GET", `/api/metadata/files/${id}`);
    const all = [...new Set([...file.tags, ...tags])];
    const headers = { "Content-Type": "application/merge-patch+json", "If-Match": `"r${file.revision}"` };
    await call("PATCH", `/api/metadata/files/${id}`, { body: { tags: all }, headers });
  });
  return { done: done.length, problem };
}

async function tagAll(whole: Asked, tags: string[], all: number): Promise<{ done: number; problem: unknown }> {
  const stopped = new AbortController();
  let [done, cursor]: [number, string | null] = [0, ""];
  try {
    while (cursor !== null && !stopped.signal.aborted) {
      running.set({ done, all, stop: () => stopped.abort() });
      const path = address("/api/metadata/files", { q: whole.q, cursor });
      const body = { add_tags: tags };
      const page = (await patiently(() => call<BulkPatched>("PATCH", path, { body }), stopped.signal)) as BulkPatched;
      done += page.matched - page.refused;
      cursor = page.next_cursor;
    }
    return { done, problem: null };
  } catch (error) {
    return { done, problem: error };
  } finally {
    running.set(null);
  }
}

/** Look at the files again with the models that are here now. */
export async function analyse(ids: readonly string[]): Promise<void> {
  const { done, problem } = await each(ids, (id) => call<Job>("POST", `/api/ai/analyze/${id}`, { body: {} }));
  clear();
  if (problem) sayProblem(problem);
  if (done.length) say(words.bulk.queued(done.length));
}

/** By its address where that is short, so that the browser saves while it comes and nothing is held in the page's memory. */
export async function zip(ids: readonly string[]): Promise<void> {
  const link = document.createElement("a");
  if (ids.length <= ADDRESS_IDS) {
    link.href = `/api/upload/files/zip?ids=${ids.join(",")}`;
    link.download = "";
    link.click();
    return;
  }
  try {
    const answer = await send("POST", "/api/upload/files/zip", { body: { file_ids: ids }, timeoutMs: 0 });
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "files.zip";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    sayProblem(error);
  }
}
