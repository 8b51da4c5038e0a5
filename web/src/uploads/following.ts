/** After the last byte: what is done with the file until it is ready, from the live stream, with a look now and then in case it is away. */
import { get } from "../api/client";
import { queries } from "../api/queries";
import type { Document } from "../api/shapes";
import { onEvent } from "../live/stream";
import { duration } from "../parts/format";
import { found } from "../parts/states";
import { words } from "../words";
import { onStored, update } from "./queue";
import type { Row } from "./row";

const LOOK_MS = 3_000;
const LOOK_MOST_MS = 30_000;

interface Following {
  storedAt: number;
  version: number;
  timer: number;
  pauseMs: number;
}

const following = new Map<string, Following>();

export function followStored(): void {
  onStored((row: Row) => {
    if (!row.fileId) return;
    following.set(row.fileId, { storedAt: row.storedAt, version: row.version, timer: 0, pauseMs: LOOK_MS });
    void look(row.fileId);
    if (row.versionOf) void queries.invalidateQueries({ queryKey: ["file", row.fileId] });
  });
  onEvent((event) => {
    const id = event.subject;
    if (!following.has(id)) return;
    if (event.type === "file.progress" && event.data.step) {
      const step = words.steps[event.data.step] ?? event.data.step;
      update(id, { note: event.data.state === "queued" ? words.state.waiting : words.tray.step(step) });
    } else if (["file.analyzed", "file.failed", "file.updated", "file.quarantined"].includes(event.type)) {
      void look(id);
    }
  });
}

async function look(id: string): Promise<void> {
  const one = following.get(id);
  if (!one) return;
  clearTimeout(one.timer);
  one.timer = window.setTimeout(() => void look(id), one.pauseMs);
  one.pauseMs = Math.min(one.pauseMs * 1.5, LOOK_MOST_MS);
  const file = await get<Document>(`/api/metadata/files/${id}`).catch(() => null);
  // Meanwhile a newer version may be followed in its place, or the catalogue tells of an older one.
  if (!file || following.get(id) !== one || file.version < one.version) return;
  const settled = ["failed", "quarantined"].includes(file.status);
  if (!settled && !(file.status === "processed" && file.analysis !== "pending")) return;
  clearTimeout(one.timer);
  following.delete(id);
  if (settled) update(id, { state: "refused", note: file.status_reason?.detail ?? words.state.failed });
  else
    update(id, { state: "ready", note: found(file.summary), bytesPerSecond: 0, nextTryAt: Date.now() - one.storedAt });
}

/** How long a ready file took after its last byte; kept where a waiting row keeps its next try. */
export const readyIn = (row: Row): string => duration(row.nextTryAt);
