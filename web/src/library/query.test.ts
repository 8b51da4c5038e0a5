import { expect, test } from "vitest";
import { join, parse, sinceWhen, withCondition } from "./query";

test("conditions and words are taken apart and put together again", () => {
  const query = parse('type:pdf linseed tag:"two words" -draft');
  expect(query.conditions.map((one) => [one.name, one.value])).toEqual([
    ["type", "pdf"],
    ["tag", "two words"],
  ]);
  expect(query.words).toBe("linseed -draft");
  expect(join(query)).toBe('type:pdf tag:"two words" linseed -draft');
});

test("a word with a colon that is no condition stays a word", () => {
  expect(parse("http://example.org note:x")).toEqual({ conditions: [], words: "http://example.org note:x" });
});

test("a condition replaces the one of its name, and null takes it out", () => {
  expect(withCondition("type:pdf oil", "type", "web page")).toBe('type:"web page" oil');
  expect(withCondition("type:pdf oil", "type", null)).toBe("oil");
});

test("a span of days is said as the day it begins", () => {
  const now = new Date("2026-11-29T10:00:00Z");
  expect([sinceWhen("today", now), sinceWhen("week", now), sinceWhen("year", now)]).toEqual([
    ">=2026-11-29",
    ">=2026-11-23",
    ">=2026",
  ]);
});
