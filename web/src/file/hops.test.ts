import { expect, test } from "vitest";
import type { TimelineEntry } from "../api/shapes";
import { hopsOf, scaleOf } from "./hops";

const ZERO = Date.parse("2026-01-01T00:00:00Z");
const entry = (ms: number, service: string, step: string, state: string, duration_ms: number | null = null) =>
  ({
    at: new Date(ZERO + ms).toISOString(),
    service,
    step,
    state,
    duration_ms,
    attempt: 1,
    reason: null,
    detail: {},
    request_id: "r",
    trace_id: "t",
  }) as TimelineEntry;

const STORY = [
  entry(0, "upload", "stored", "done"),
  entry(10, "processing", "queue", "queued"),
  entry(40, "metadata", "catalogued", "done"),
  entry(4010, "processing", "try", "started"),
  entry(4100, "processing", "pdf", "done", 80),
  entry(4100, "processing", "plan", "done", 90),
  entry(4200, "ai", "try", "started"),
  entry(4300, "ai", "language", "done", 20),
  entry(4300, "ai", "entities", "done", 50),
  entry(4300, "ai", "objects", "needs-download"),
];

test("a wait lies between the queue and the try", () => {
  const wait = hopsOf(STORY, ZERO + 5000, false).find((hop) => hop.kind === "wait")!;
  expect([wait.service, wait.start, wait.end]).toEqual(["processing", 10, 4010]);
});

test("steps told of at one moment follow one another", () => {
  const ai = hopsOf(STORY, ZERO + 5000, false).filter((hop) => hop.service === "ai");
  expect(ai.map((hop) => [hop.step, hop.kind, hop.start, hop.end])).toEqual([
    ["language", "model", 4230, 4250],
    ["entities", "model", 4250, 4300],
    ["objects", "none", 4300, 4300],
  ]);
});

test("what runs has no end but now", () => {
  const open = hopsOf(STORY.slice(0, 4), ZERO + 5000, true).filter((hop) => hop.open);
  expect(open.map((hop) => [hop.service, hop.start, hop.end])).toEqual([["processing", 4010, 5000]]);
});

test("a stretch without work longer than a quarter is folded to eight hundredths of the width", () => {
  const scale = scaleOf(hopsOf(STORY, ZERO + 5000, false), true);
  expect(scale.folds).toEqual([{ from: 40, to: 4020 }]);
  expect(scale.x(4020) - scale.x(40)).toBeCloseTo(8);
  expect([scale.x(0), scale.x(scale.total)]).toEqual([0, 100]);
});

test("unfolded, the scale is the clock", () => {
  const scale = scaleOf(hopsOf(STORY, ZERO + 5000, false), false);
  expect(scale.x(2150)).toBeCloseTo(50);
});
