/**
 * What outlives a reload: the place of every unfinished upload and, where they are small, the bytes too.
 *
 * A browser forgets which files were chosen, so only kept bytes go on by themselves; for the others the visitor drops
 * the same files once more. On failure (no storage, private window): uploads work, they just do not outlive a reload.
 */
import { createStore, del, entries, set } from "idb-keyval";
import type { Row } from "./row";

const KEPT_FILE_BYTES = 64e6;
const KEPT_TOTAL_BYTES = 256e6;

export interface Kept {
  name: string;
  size: number;
  modified: number;
  url: string | null;
  sent: number;
  paused: boolean;
  blob: Blob | null;
}

const store = typeof indexedDB === "undefined" ? null : createStore("filemill-console", "uploads");
const kept = new Map<string, number>();

export async function keep(row: Row, file: Blob | null): Promise<void> {
  if (!store) return;
  let total = 0;
  for (const [key, bytes] of kept) if (key !== row.key) total += bytes;
  const blob = file && file.size <= KEPT_FILE_BYTES && total + file.size <= KEPT_TOTAL_BYTES ? file : null;
  kept.set(row.key, blob?.size ?? 0);
  const { name, size, modified, url, sent } = row;
  try {
    const paused = row.state === "paused";
    await set(row.key, { name, size, modified, url, sent, paused, blob } satisfies Kept, store);
  } catch {
    kept.delete(row.key); // full, or not allowed: this upload will not outlive a reload, and goes on until then
  }
}

export async function forget(key: string): Promise<void> {
  kept.delete(key);
  if (store) await del(key, store).catch(() => undefined);
}

export async function remembered(): Promise<[string, Kept][]> {
  if (!store) return [];
  return entries<string, Kept>(store).catch(() => []);
}

/** Run in one tab only, for as long as `work` takes; false if another tab has it. */
export async function alone(key: string, work: () => Promise<void>): Promise<boolean> {
  // Web locks are there only on localhost and HTTPS; elsewhere two tabs may try, and the server lets one write.
  if (!("locks" in navigator)) return (await work(), true);
  return navigator.locks.request(`filemill-upload-${key}`, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
}
