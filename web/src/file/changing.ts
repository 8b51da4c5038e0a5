/** Changes of a file's title, description and tags: shown at once, taken back when the service says no. */
import { call } from "../api/client";
import { queries } from "../api/queries";
import type { Document } from "../api/shapes";
import { sayProblem } from "../parts/messages";

type Change = Partial<Pick<Document, "title" | "description" | "tags">>;

/** Somebody else's change in between is not overwritten: 412, and what is there now is shown. */
export async function change(file: Document, what: Change): Promise<void> {
  const key = ["file", file.file_id];
  queries.setQueryData<Document>(key, { ...file, ...what });
  try {
    const headers = { "Content-Type": "application/merge-patch+json", "If-Match": `"r${file.revision}"` };
    const now = await call<Document>("PATCH", `/api/metadata/files/${file.file_id}`, { body: what, headers });
    queries.setQueryData<Document>(key, now);
  } catch (error) {
    queries.setQueryData<Document>(key, file);
    void queries.invalidateQueries({ queryKey: key });
    sayProblem(error);
  }
}
