import { expect, test } from "vitest";
import { byNeed, Speed, totals, type Row } from "./row";

const row = (change: Partial<Row>): Row => ({
  key: "k",
  name: "a",
  size: 100,
  modified: 0,
  state: "sending",
  sent: 0,
  bytesPerSecond: 0,
  nextTryAt: 0,
  note: "",
  requestId: "",
  url: null,
  fileId: null,
  version: 1,
  storedAt: 0,
  ...change,
});

test("what is stored counts whole, what was refused does not count", () => {
  const sum = totals([
    row({ sent: 40, bytesPerSecond: 30 }),
    row({ state: "ready", sent: 100 }),
    row({ state: "refused", sent: 10 }),
  ]);
  expect([sum.sent, sum.bytes, sum.done, sum.refused, sum.leftMs]).toEqual([140, 200, 1, 1, 2000]);
});

test("who needs somebody comes first", () => {
  const states = (["ready", "queued", "sending", "refused"] as const).map((state) => row({ state }));
  expect(states.sort(byNeed).map((one) => one.state)).toEqual(["refused", "sending", "queued", "ready"]);
});

test("speed is that of the last seconds", () => {
  const speed = new Speed();
  speed.note(0, 0);
  expect(speed.note(1_000, 1_000)).toBe(1_000);
  speed.note(1_000, 4_500);
  expect(speed.note(1_000, 9_000)).toBe(0);
});
