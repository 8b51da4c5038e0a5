/** What can be done with chosen files: each deed counts what it did, and deleting can be undone. */
import { call, credentials } from "../api/client";
import { queries } from "../api/queries";
import type { Document, Job } from "../api/shapes";
import { say, sayProblem } from "../parts/messages";
import { words } from "../words";
import { clear } from "./selection";

const AT_ONCE = 6;

/** Do it for each id, a few at a time; how many worked, and the first problem. */
async function each(ids: readonly string[], deed: (id: string) => Promise<unknown>): Promise<[number, unknown]> {
  const waiting = [...ids];
  let done = 0;
  let problem: unknown = null;
  const worker = async () => {
    for (let id = waiting.shift(); id; id = waiting.shift()) {
      try {
        await deed(id);
        done += 1;
      } catch (error) {
        problem ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return [done, problem];
}

const renewed = () =>
  Promise.all([queries.invalidateQueries({ queryKey: ["files"] }), queries.invalidateQueries({ queryKey: ["stats"] })]);

export async function restore(ids: readonly string[]): Promise<void> {
  const [done, problem] = await each(ids, (id) => call("POST", `/api/upload/files/${id}/restore`));
  if (problem) sayProblem(problem);
  else say(words.bulk.restored(done));
  await renewed();
  for (const id of ids) void queries.invalidateQueries({ queryKey: ["file", id] });
}

export async function remove(ids: readonly string[], said = words.bulk.deleted): Promise<void> {
  const gone: string[] = [];
  const [, problem] = await each(ids, async (id) => {
    await call("DELETE", `/api/upload/files/${id}`);
    gone.push(id);
  });
  clear();
  if (problem) sayProblem(problem);
  if (gone.length) say(said(gone.length), { label: words.undo, run: () => void restore(gone) });
  await renewed();
}

export async function tag(ids: readonly string[], tags: string[]): Promise<void> {
  const [done, problem] = await each(ids, async (id) => {
    const file = await call<Document>("GET", `/api/metadata/files/${id}`);
    const all = [...new Set([...file.tags, ...tags])];
    const headers = { "Content-Type": "application/merge-patch+json" };
    await call("PATCH", `/api/metadata/files/${id}`, { body: { tags: all }, headers });
  });
  if (problem) sayProblem(problem);
  if (done) say(done === ids.length ? words.bulk.tagDone(done) : words.bulk.some(done, ids.length));
  await renewed();
}

/** Look at the files again with the models that are here now. */
export async function analyse(ids: readonly string[]): Promise<void> {
  const [done, problem] = await each(ids, (id) => call<Job>("POST", `/api/ai/analyze/${id}`, { body: {} }));
  clear();
  if (problem) sayProblem(problem);
  if (done) say(words.bulk.queued(done));
}

/** A form, so that the browser saves while it comes; the answer is never held in the page's memory. */
export function zip(ids: readonly string[]): void {
  const link = document.createElement("a");
  if (ids.length <= 200) {
    link.href = `/api/upload/files/zip?ids=${ids.join(",")}`;
    link.download = "";
    link.click();
    return;
  }
  void fetch("/api/upload/files/zip", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...credentials() },
    body: JSON.stringify({ file_ids: ids.slice(0, 1000) }),
  })
    .then(async (answer) => {
      link.href = URL.createObjectURL(await answer.blob());
      link.download = "files.zip";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    })
    .catch(sayProblem);
}
