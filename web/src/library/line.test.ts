import { expect, test } from "vitest";
import { missing, placed, spotsOf, without, type Line, type Slice } from "./line";

const slice = (cursor: string, ids: string, next: string | null): Slice => ({
  cursor,
  next,
  ids: [...ids],
  days: [...ids].map(() => "2026-11-29"),
});
const three: Line = [slice("", "abc", "c"), slice("c", "def", "f"), slice("f", "gh", null)];
const shown = (line: Line) =>
  spotsOf(line)
    .map((spot) => spot.id)
    .join("");

test("slices follow each other, and the line says where it goes on until it is whole", () => {
  let line: Line = [];
  expect(missing(line)).toEqual({ cursor: "", inside: false });
  for (const one of three) {
    line = placed(line, one);
    expect(missing(line)?.cursor ?? null).toBe(one.next);
  }
  expect(shown(line)).toBe("abcdefgh");
});

test("a file that was deleted draws the next ones up, and none is there twice", () => {
  const line = placed(three, slice("", "acd", "d"));
  expect([shown(line), missing(line)]).toEqual(["acdefgh", null]);
});

test("files that came leave a gap behind the first slice, which is filled from where that ends", () => {
  let line = placed(three, slice("", "xya", "a"));
  expect(missing(line)).toEqual({ cursor: "a", inside: true });
  line = placed(line, slice("a", "bcd", "d"));
  expect([shown(line), missing(line)]).toEqual(["xyabcdefgh", null]);
});

test("what a slice covers whole is not kept beside it", () => {
  const line = placed(three, slice("", "abg", "g"));
  expect([shown(line), missing(line), line.length]).toEqual(["abgh", null, 2]);
});

test("a slice that says that nothing follows ends the line", () => {
  expect(shown(placed(three, slice("c", "d", null)))).toBe("abcd");
});

test("a slice of a line that was begun anew changes nothing", () => {
  expect(placed(three, slice("elsewhere", "z", null))).toBe(three);
});

test("files that are gone leave the others where they are", () => {
  expect(shown(without(three, new Set("bg")))).toBe("acdefh");
  expect(without(three, new Set("z"))).toBe(three);
});

test("what stays in a line stays the same object while it grows, and is made anew when it changed", () => {
  const two = spotsOf(three.slice(0, 2));
  const all = spotsOf(three);
  expect([all[0] === two[0], all.length]).toEqual([true, 8]);
  const changed = spotsOf(placed(three, slice("", "acd", "d")));
  expect(changed[0] === all[0]).toBe(false);
});
