/** One file on its way: what the tray shows of it. */
export type RowState =
  "queued" | "sending" | "paused" | "lost" | "needs-file" | "held" | "refused" | "reading" | "ready";

export interface Row {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  /** When the file was last changed, in milliseconds; with name and size it tells whether a file is the same again. */
  readonly modified: number;
  state: RowState;
  /** Bytes that the server has, as far as we know. */
  sent: number;
  bytesPerSecond: number;
  /** When a lost connection is tried again, in milliseconds. */
  nextTryAt: number;
  /** Why it was refused, what is done with it, or what was found. */
  note: string;
  requestId: string;
  url: string | null;
  fileId: string | null;
  /** The file that this is to be the next version of, before it is stored. */
  versionOf?: string;
  /** Which version it became. */
  version: number;
  storedAt: number;
}

const ORDER: RowState[] = ["refused", "needs-file", "held", "lost", "sending", "paused", "queued", "reading", "ready"];
export const byNeed = (a: Row, b: Row): number => ORDER.indexOf(a.state) - ORDER.indexOf(b.state);

export const OPEN: ReadonlySet<RowState> = new Set(["queued", "sending", "paused", "lost", "needs-file", "held"]);

export interface Totals {
  files: number;
  done: number;
  refused: number;
  bytes: number;
  sent: number;
  bytesPerSecond: number;
  /** Milliseconds left at this speed, or null where nobody can say. */
  leftMs: number | null;
}

export function totals(rows: readonly Row[]): Totals {
  const sum: Totals = { files: 0, done: 0, refused: 0, bytes: 0, sent: 0, bytesPerSecond: 0, leftMs: null };
  for (const row of rows) {
    sum.files += 1;
    if (row.state === "refused") {
      sum.refused += 1;
      continue;
    }
    if (!OPEN.has(row.state)) sum.done += 1;
    sum.bytes += row.size;
    sum.sent += OPEN.has(row.state) ? row.sent : row.size;
    if (row.state === "sending") sum.bytesPerSecond += row.bytesPerSecond;
  }
  if (sum.bytesPerSecond > 0) sum.leftMs = ((sum.bytes - sum.sent) / sum.bytesPerSecond) * 1000;
  return sum;
}

/** Bytes a second over the last seconds of progress. */
export class Speed {
  #seen: [number, number][] = [];

  note(sent: number, now: number): number {
    this.#seen.push([now, sent]);
    while (this.#seen.length > 2 && now - this.#seen[0]![0] > 3_000) this.#seen.shift();
    const [since, before] = this.#seen[0]!;
    return now > since ? ((sent - before) * 1000) / (now - since) : 0;
  }
}
