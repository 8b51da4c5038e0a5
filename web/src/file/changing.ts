/** Changes of a file's title, description and tags: shown at once, taken back when the service says no. */
import { call } from "../api/client";
import { queries } from "../api/queries";
import type { Document } from "../api/shapes";
import { sayProblem } from "../parts/messages";

/** `custom`: only the fields that change; null takes one out. */
type Change = Partial<Pick<Document, "title" | "description" | "tags" | "custom">>;

const running = new Map<string, Promise<void>>();

/** One change of a file after the other, each against the revision that the one before made. */
export function change(file: Document, what: Change): Promise<void> {
  const before = running.get(file.file_id) ?? Promise.resolve();
  const key = ["file", file.file_id];
  const shown = queries.getQueryData<Document>(key) ?? file;
  const back = Object.fromEntries(Object.keys(what).map((name) => [name, shown[name as keyof Change]])) as Change;
  queries.setQueryData<Document>(key, { ...shown, ...what, ...(what.custom ? { custom: merged(shown, what) } : {}) });
  const done = before.then(() => send(file, what, back));
  running.set(file.file_id, done);
  return done;
}

/** The fields as the service will have them (RFC 7396). */
const merged = (file: Document, what: Change): Document["custom"] =>
  Object.fromEntries(Object.entries({ ...file.custom, ...what.custom }).filter(([, value]) => value !== null));

/** Somebody else's change in between is not overwritten: 412, and what is there now is shown. */
async function send(file: Document, what: Change, back: Change): Promise<void> {
  const key = ["file", file.file_id];
  const revision = queries.getQueryData<Document>(key)?.revision ?? file.revision;
  try {
    const headers = { "Content-Type": "application/merge-patch+json", "If-Match": `"r${revision}"` };
    const now = await call<Document>("PATCH", `/api/metadata/files/${file.file_id}`, { body: what, headers });
    queries.setQueryData<Document>(key, now);
  } catch (error) {
    queries.setQueryData<Document>(key, (now) => now && { ...now, ...back });
    sayProblem(error);
    await queries.invalidateQueries({ queryKey: key });
  }
}
