/**
 * The upload queue: three files at a time by tus, paused and resumed, after a reload too. A new version of a file goes
 * in one request: it cannot be paused, begins anew after a break, and ends with the page.
 *
 * Not for: what becomes of a stored file (`following`). On failure: a lost connection is tried again by itself, with
 * longer pauses; an ended session puts the queue on hold until somebody signs in; a refusal stays, with the reason.
 */
import { DetailedError, Upload } from "tus-js-client";
import { credentials, Problem } from "../api/client";
import { session } from "../session";
import { Store } from "../store";
import { words } from "../words";
import { claim, forget, keep, letGo, recall, remembered, onTold, tellTabs, type Kept } from "./keeper";
import { put, type Sending } from "./put";
import { OPEN, Speed, type Row } from "./row";

const AT_ONCE = 3;
/** Up to here a file travels with its creation: one request instead of two. */
const ONE_REQUEST_BYTES = 1e6;
/** A request brings a sixty-fourth of the file: what a killed server had not promised yet is sent again, and no more. */
const PIECES = 64;
const PIECE_LEAST_BYTES = 2 ** 20;
const PIECE_MOST_BYTES = 64 * 2 ** 20;
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const TELL_MS = 200;
const KEEP_MS = 2_000;
const ENDPOINT = "/api/upload/tus/";
const FILES = "/api/upload/files/";
/** What was sent before a connection broke was still arriving when the server was asked how far it is: ask again. */
const MORE_ARRIVED = 409;
/** The file has other content than the one that was to be replaced. */
const OVERTAKEN = 412;
/** Busy, too many, or away: worth another try. */
const PASSING = new Set([0, 408, MORE_ARRIVED, 423, 425, 429]);

interface Item {
  row: Row;
  file: Blob | null;
  /** The content that this one replaces (its SHA-256): if another came in between it is refused. */
  replaces?: string;
  upload: Sending | null;
  tries: number;
  timer: number;
}

const items = new Map<string, Item>();
export const rows = new Store<Row[]>([]);
let storedListener: (row: Row) => void = () => undefined;
let telling = 0;

/** Whom to tell when a file is stored. */
export function onStored(listener: (row: Row) => void): void {
  storedListener = listener;
}

/** Show what changed, at most five times a second. */
export function tell(): void {
  telling ||= window.setTimeout(() => {
    telling = 0;
    rows.set([...items.values()].map(({ row }) => ({ ...row })));
  }, TELL_MS);
}

function newRow(key: string, file: { name: string; size: number; modified: number }): Row {
  const rest = {
    sent: 0,
    bytesPerSecond: 0,
    nextTryAt: 0,
    note: "",
    requestId: "",
    url: null,
    fileId: null,
    version: 1,
    storedAt: 0,
  };
  return { key, name: file.name, size: file.size, modified: file.modified, state: "queued", ...rest };
}

/** `randomUUID` is there only where the page is served securely; this is everywhere. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");

/** Take files in. One that is the same as a file we are missing the bytes of goes on where that one stopped. */
export function add(files: Iterable<File>): void {
  for (const file of files) {
    const missing = [...items.values()].find(
      ({ row }) =>
        row.state === "needs-file" &&
        row.name === file.name &&
        row.size === file.size &&
        row.modified === file.lastModified,
    );
    if (missing) {
      missing.file = file;
      missing.row.state = "queued";
      continue;
    }
    const key = newKey();
    const row = newRow(key, { name: file.name, size: file.size, modified: file.lastModified });
    items.set(key, { row, file, upload: null, tries: 0, timer: 0 });
    // Claimed before it can be read: a tab that opens now leaves it alone.
    void claim(key)
      .then(() => keep(row, file))
      .then(() => tellTabs(key));
  }
  next();
}

/** Take in the next version of a file. */
export function addVersion(of: { file_id: string; sha256: string }, file: File): void {
  const key = newKey();
  const row = newRow(key, { name: file.name, size: file.size, modified: file.lastModified });
  row.versionOf = of.file_id;
  items.set(key, { row, file, replaces: of.sha256, upload: null, tries: 0, timer: 0 });
  next();
}

/** Bring back what an earlier visit did not finish. What another tab has is taken over when that tab is closed. */
export async function restore(): Promise<void> {
  onTold((key) => void takeOver(key)); // before reading what is kept, or one that is kept meanwhile is missed
  for (const [key, kept] of await remembered()) {
    if (items.has(key)) continue;
    if (await claim(key)) bring(key, kept);
    else void takeOver(key);
  }
  next();
}

/** Wait until the tab that has an upload lets go of it, and go on with what it left. */
async function takeOver(key: string): Promise<void> {
  await claim(key, true);
  const kept = await recall(key);
  if (!kept || items.has(key)) return letGo(key); // it was finished there
  bring(key, kept);
  next();
}

function bring(key: string, kept: Kept): void {
  const row = newRow(key, kept);
  row.url = kept.url;
  row.sent = kept.sent;
  row.state = kept.blob ? (kept.paused ? "paused" : "queued") : "needs-file";
  items.set(key, { row, file: kept.blob, upload: null, tries: 0, timer: 0 });
}

function next(): void {
  let sending = [...items.values()].filter(({ row }) => row.state === "sending").length;
  for (const item of items.values()) {
    if (sending >= AT_ONCE) break;
    if (item.row.state !== "queued") continue;
    sending += 1;
    start(item);
  }
  tell();
}

function start(item: Item): void {
  const { row, file } = item;
  if (!file) return;
  row.state = "sending";
  row.note = "";
  const speed = new Speed();
  const progress = (sent: number) => {
    item.tries = 0;
    row.sent = sent;
    row.bytesPerSecond = speed.note(sent, Date.now());
    tell();
  };
  item.upload = item.replaces === undefined ? byTus(item, file, progress) : byPut(item, file, progress);
}

function byPut(item: Item, file: Blob, onProgress: (sent: number) => void): Sending {
  const { row } = item;
  row.sent = 0;
  return put(`${FILES}${row.versionOf}/content?filename=${encodeURIComponent(row.name)}`, file, {
    // The key: whose answer was lost is not refused as somebody who was slower than himself.
    headers: { "If-Match": `"${item.replaces}"`, "Idempotency-Key": row.key },
    onProgress,
    onSuccess: (body) => {
      row.fileId = row.versionOf ?? null;
      row.version = (JSON.parse(body) as { version: number }).version;
      stored(item);
    },
    onError: (status, body) => failed(item, status, body),
  });
}

function byTus(item: Item, file: Blob, onProgress: (sent: number) => void): Sending {
  const { row } = item;
  let keptAt = Date.now();
  const upload = new Upload(file as File, {
    endpoint: ENDPOINT,
    ...(row.url ? { uploadUrl: row.url } : {}),
    chunkSize: Math.min(PIECE_MOST_BYTES, Math.max(PIECE_LEAST_BYTES, Math.ceil(row.size / PIECES))),
    metadata: { filename: row.name },
    uploadDataDuringCreation: row.size <= ONE_REQUEST_BYTES,
    storeFingerprintForResuming: false,
    retryDelays: null as unknown as number[],
    onBeforeRequest: (request) => {
      for (const [name, value] of Object.entries(credentials())) request.setHeader(name, value);
    },
    onUploadUrlAvailable: () => {
      row.url = upload.url;
      void keep(row, file);
    },
    onAfterResponse: (_request, response) => {
      const made = response.getHeader("Filemill-File");
      if (made) row.fileId = made.split("/").at(-1) ?? null;
    },
    onProgress: (sent) => {
      onProgress(sent);
      if (Date.now() - keptAt > KEEP_MS) {
        keptAt = Date.now();
        void keep(row, file);
      }
    },
    onSuccess: () => stored(item),
    onError: (error) => {
      const answer = error instanceof DetailedError ? error.originalResponse : null;
      failed(item, answer?.getStatus() ?? 0, answer?.getBody() ?? "");
    },
  });
  upload.start();
  return upload;
}

function stop(item: Item): void {
  clearTimeout(item.timer);
  item.upload = null;
  item.row.bytesPerSecond = 0;
}

function stored(item: Item): void {
  stop(item);
  Object.assign(item.row, { state: "reading", sent: item.row.size, storedAt: Date.now(), note: words.tray.stored });
  item.file = null;
  // The newest version stands for the file: what is done with it now is done with this one.
  const { fileId } = item.row;
  for (const [key, { row }] of items) if (fileId && row !== item.row && row.fileId === fileId) items.delete(key);
  void forget(item.row.key);
  storedListener(item.row);
  next();
}

function failed(item: Item, status: number, body: string): void {
  const problem = Problem.from(status, body);
  stop(item);
  item.row.requestId = problem.requestId;
  if (status === 401) {
    item.row.state = "held";
    session.ended();
  } else if (PASSING.has(status) || status >= 500) {
    const said = status >= 400 && problem.code !== "unknown" ? problem.message : "";
    wait(item, status === MORE_ARRIVED ? words.tray.moreArrived : said);
  } else {
    item.row.state = "refused";
    item.row.note = problem.message;
    if (status === OVERTAKEN) giveUp(item);
    void forget(item.row.key);
  }
  next();
}

/** These bytes would be refused each time: the row leads to what the file is now. */
function giveUp(item: Item): void {
  item.file = null;
  item.row.fileId = item.row.versionOf ?? null;
  item.row.note = words.tray.overtaken;
}

function wait(item: Item, why: string): void {
  const pause = PAUSES_MS[Math.min(item.tries, PAUSES_MS.length - 1)]!;
  item.tries += 1;
  Object.assign(item.row, { state: "lost", nextTryAt: Date.now() + pause, note: why });
  item.timer = window.setTimeout(() => resume(item.row.key), pause);
}

export function pause(key: string): void {
  const item = items.get(key);
  if (!item || item.row.versionOf || !["queued", "sending", "lost"].includes(item.row.state)) return;
  void item.upload?.abort();
  stop(item);
  item.row.state = "paused";
  void keep(item.row, item.file);
  next();
}

/** Go on: after a pause, or now instead of when the countdown ends. */
export function resume(key: string): void {
  const item = items.get(key);
  if (!item || !["paused", "lost", "held", "refused"].includes(item.row.state) || !item.file) return;
  clearTimeout(item.timer);
  item.row.state = "queued";
  next();
}

/** Take it off the list; what had been sent of it is dropped by the server too. */
export function dismiss(key: string): void {
  const item = items.get(key);
  if (!item) return;
  const unfinished = OPEN.has(item.row.state);
  void item.upload?.abort(unfinished).catch(() => undefined);
  stop(item);
  items.delete(key);
  void forget(key);
  next();
}

const each = (states: string[], act: (key: string) => void) =>
  [...items.values()].filter(({ row }) => states.includes(row.state)).forEach(({ row }) => act(row.key));

export const pauseAll = (): void => each(["queued", "sending", "lost"], pause);
export const resumeAll = (): void => each(["paused", "lost", "held"], resume);
export const retryRefused = (): void => each(["refused"], resume);
export const dismissDone = (): void => each(["ready", "reading"], dismiss);

/** Change a row that is stored already: what is done with it, what was found. */
export function update(fileId: string, change: Partial<Row>): void {
  const item = [...items.values()].find(({ row }) => row.fileId === fileId);
  if (!item) return;
  Object.assign(item.row, change);
  tell();
}

addEventListener("beforeunload", (event) => {
  // The rest goes on after a reload; these would begin anew, and only if the visitor thinks of it.
  if ([...items.values()].some(({ row }) => row.versionOf && OPEN.has(row.state))) event.preventDefault();
});
addEventListener("online", () => each(["lost"], resume));
session.watch(() => {
  if (session.get().state === "in") each(["held"], resume);
});
