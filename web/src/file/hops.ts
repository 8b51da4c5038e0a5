/**
 * A file's timeline as hops with a beginning and an end, and the scale they are drawn on.
 *
 * The services say when a step ended and how long it took. Steps of one service that were told of at the same moment ran
 * one after the other, so they are laid out that way, ending at that moment.
 */
import type { Reason, TimelineEntry } from "../api/shapes";

export type HopKind = "work" | "model" | "wait" | "fail" | "none" | "move";

export interface Hop {
  service: string;
  step: string;
  kind: HopKind;
  /** Milliseconds since the first entry. */
  start: number;
  end: number;
  attempt: number | null;
  reason: Reason | null;
  entry: TimelineEntry;
  /** Not over yet: `end` is now. */
  open: boolean;
}

const NOT_RUN = new Set(["skipped", "needs-download", "unsupported"]);
/** Sums of other steps. */
const WHOLE = new Set(["plan", "analysis"]);
/** A wait shorter than this is none, in milliseconds. */
const WAIT_LEAST = 5;

function kindOf(entry: TimelineEntry): HopKind {
  if (NOT_RUN.has(entry.state)) return "none";
  if (entry.state === "failed" || entry.state === "parked") return "fail";
  if (entry.service === "upload") return "move";
  return entry.service === "ai" ? "model" : "work";
}

export function hopsOf(entries: TimelineEntry[], now: number, running: boolean): Hop[] {
  const first = entries[0];
  if (!first) return [];
  const zero = Date.parse(first.at);
  const hops: Hop[] = [];
  const queued = new Map<string, TimelineEntry>();
  const begun = new Map<string, number>();
  const at = (entry: TimelineEntry) => Date.parse(entry.at) - zero;
  const hop = (entry: TimelineEntry, kind: HopKind, start: number, end: number, open = false) =>
    hops.push({
      service: entry.service,
      step: entry.step,
      kind,
      start: Math.max(0, start),
      end,
      attempt: entry.attempt,
      reason: entry.reason,
      entry,
      open,
    });
  for (const entry of entries) {
    const ends = at(entry);
    if (entry.step === "queue" || ["queued", "waiting"].includes(entry.state)) {
      if (!queued.has(entry.service)) queued.set(entry.service, entry);
    } else if (entry.step === "try" && entry.state === "started") {
      const before = queued.get(entry.service);
      if (before && ends - at(before) >= WAIT_LEAST) hop({ ...before, step: "queue" }, "wait", at(before), ends);
      queued.delete(entry.service);
      begun.set(entry.service, ends);
    } else if (WHOLE.has(entry.step)) {
      begun.delete(entry.service);
    } else {
      hop(entry, kindOf(entry), ends - (entry.duration_ms ?? 0), ends);
    }
  }
  inOrder(hops);
  if (running) {
    const last = entries.at(-1)!;
    for (const entry of queued.values()) hop(entry, "wait", at(entry), now - zero, true);
    for (const [service, start] of begun)
      hop(
        { ...last, service, step: "try", reason: null },
        service === "ai" ? "model" : "work",
        start,
        now - zero,
        true,
      );
  }
  return hops;
}

/** Neighbours of one service that end at the same moment: the later one keeps its end, the one before ends where it starts. */
function inOrder(hops: Hop[]): void {
  for (let index = hops.length - 2; index >= 0; index -= 1) {
    const [one, after] = [hops[index]!, hops[index + 1]!];
    if (one.service !== after.service || one.kind === "wait" || after.kind === "wait" || one.end <= after.start)
      continue;
    const length = one.end - one.start;
    one.end = Math.max(0, Math.min(one.end, after.start));
    one.start = Math.max(0, one.end - length);
  }
}

export interface Fold {
  from: number;
  to: number;
}

export interface Scale {
  /** Where a moment is drawn, from 0 to 100. */
  x: (ms: number) => number;
  total: number;
  folds: Fold[];
}

/** Share of the story from which a stretch without work is folded, and the share of the width it keeps. */
const FOLD_FROM = 0.25;
const FOLD_WIDTH = 8;

export function scaleOf(hops: Hop[], folded: boolean): Scale {
  const total = Math.max(1, ...hops.map((hop) => hop.end));
  const work = hops.filter((hop) => hop.kind !== "wait").sort((a, b) => a.start - b.start);
  const folds: Fold[] = [];
  let free = 0;
  for (const hop of [...work, { start: total, end: total }]) {
    if (folded && hop.start - free > total * FOLD_FROM) folds.push({ from: free, to: hop.start });
    free = Math.max(free, hop.end);
  }
  const hidden = folds.reduce((sum, fold) => sum + fold.to - fold.from, 0);
  const perMs = (100 - FOLD_WIDTH * folds.length) / Math.max(1, total - hidden);
  const x = (ms: number) => {
    let [place, from] = [0, 0];
    for (const fold of folds) {
      if (ms <= fold.from) break;
      place += (fold.from - from) * perMs;
      if (ms < fold.to) return place + (FOLD_WIDTH * (ms - fold.from)) / (fold.to - fold.from);
      place += FOLD_WIDTH;
      from = fold.to;
    }
    return Math.min(100, place + (ms - from) * perMs);
  };
  return { x, total, folds };
}
