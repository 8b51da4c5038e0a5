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
