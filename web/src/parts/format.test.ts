import { expect, test } from "vitest";
import { day, duration, runningTime, size } from "./format";

test("sizes have three figures at most and a unit", () => {
  expect([0, 999, 1000, 24_600_000, 999_950, 5e9].map(size)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "24.6 MB",
    "1.0 MB",
    "5.0 GB",
  ]);
});

test("durations are said in the unit that fits", () => {
  expect([0.4, 60, 1900, 38_000, 180_000, 7_200_000].map(duration)).toEqual([
    "0 ms",
    "60 ms",
    "1.9 s",
    "38 s",
    "3 min",
    "2.0 h",
  ]);
});

test("a running time has hours only where there are some", () => {
  expect([221, 3725].map(runningTime)).toEqual(["3:41", "1:02:05"]);
});

test("today and yesterday go by the calendar, not by 24 hours", () => {
  const now = new Date(2026, 10, 29, 0, 30).getTime();
  expect(day(new Date(2026, 10, 29, 0, 5).toISOString(), now)).toBe("Today");
  expect(day(new Date(2026, 10, 28, 23, 50).toISOString(), now)).toBe("Yesterday");
  expect(day(new Date(2025, 3, 1).toISOString(), now)).toBe("1 Apr 2025");
});
