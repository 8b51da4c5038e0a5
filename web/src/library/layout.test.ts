import { expect, test } from "vitest";
import { cardRowHeight, columnsFor, layOut } from "./layout";

const spot = (id: string, day: string) => ({ id, day, cursor: "" });
const files = [spot("a", "2020-03-02"), spot("b", "2020-03-02"), spot("c", "2020-03-01")];

test("each day has a heading with its count, the last one only when all is here", () => {
  const rows = layOut(files, 4, true, false);
  expect(rows.map((row) => (row.kind === "day" ? [row.files, row.open] : row.files.map((file) => file.id)))).toEqual([
    [2, false],
    ["a", "b"],
    [1, true],
    ["c"],
  ]);
});

test("rows are filled before another begins", () => {
  const rows = layOut(files, 2, false, true);
  expect(rows.map((row) => row.kind === "files" && row.files.length)).toEqual([2, 1]);
});

test("columns and heights follow the width", () => {
  expect([columnsFor(358, true), columnsFor(1166, false)]).toEqual([2, 5]);
  expect(cardRowHeight(400, 2)).toBe(192 * 0.75 + 82);
});

test("a list that grew page by page is laid out as one that came at once", () => {
  const days = ["2020-03-04", "2020-03-04", "2020-03-04", "2020-03-03", "2020-03-02", "2020-03-02", "2020-03-02"];
  const all = days.map((day, at) => spot(String(at), day));
  const atOnce = structuredClone(layOut(all, 2, true, true));
  layOut([], 2, true, false);
  for (let shown = 1; shown < all.length; shown += 1) layOut(all.slice(0, shown), 2, true, false);
  expect(layOut(all, 2, true, true)).toEqual(atOnce);
  expect(layOut(all.slice(1), 2, true, true).length).toBe(7);
});
