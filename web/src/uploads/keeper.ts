/**
 * What outlives a reload: the place of every unfinished upload and, where they are small, the bytes too.
 *
 * A browser forgets which files were chosen, so only kept bytes go on by themselves; for the others the visitor drops
 * the same files once more. On failure (no storage, private window): uploads work, they just do not outlive a reload.
 */
import { createStore, del, entries, get, set } from "idb-keyval";
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
  letGo(key);
}

export async function recall(key: string): Promise<Kept | undefined> {
  return store ? get<Kept>(key, store).catch(() => undefined) : undefined;
}

export async function remembered(): Promise<[string, Kept][]> {
  if (!store) return [];
  return entries<string, Kept>(store).catch(() => []);
}

const mine = new Map<string, () => void>();
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("filemill-uploads");

/** Tell the other tabs of an upload that is kept now: whoever stays longest takes it over. */
export const tellTabs = (key: string): void => tabs?.postMessage(key);

export function onTold(listener: (key: string) => void): void {
  tabs?.addEventListener("message", (told: MessageEvent<string>) => listener(told.data));
}

/**
 * Make an upload this tab's own, until it is forgotten or the tab is closed; false if another tab has it.
 *
 * `wait`: until that tab lets go of it. Web locks are there only on localhost and HTTPS; elsewhere two tabs may both send,
 * and the server lets one write.
 */
export function claim(key: string, wait = false): Promise<boolean> {
  if (!("locks" in navigator)) return Promise.resolve(true);
  return new Promise((said) => {
    void navigator.locks.request(`filemill-upload-${key}`, { ifAvailable: !wait }, (lock) => {
      said(lock !== null);
      return lock && new Promise<void>((release) => mine.set(key, release));
    });
  });
}

export function letGo(key: string): void {
  mine.get(key)?.();
  mine.delete(key);
}
