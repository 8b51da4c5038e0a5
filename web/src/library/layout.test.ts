import { expect, test } from "vitest";
import type { Hit } from "../api/shapes";
import { cardRowHeight, columnsFor, layOut } from "./layout";

const hit = (file_id: string, created_at: string) => ({ file_id, created_at }) as Hit;
const files = [hit("a", "2020-03-02T12:00:00Z"), hit("b", "2020-03-02T11:00:00Z"), hit("c", "2020-03-01T12:00:00Z")];

test("each day has a heading with its count, the last one only when all is here", () => {
  const rows = layOut(files, 4, true, false);
  expect(
    rows.map((row) => (row.kind === "day" ? [row.files, row.open] : row.files.map((file) => file.file_id))),
  ).toEqual([[2, false], ["a", "b"], [1, true], ["c"]]);
});

test("rows are filled before another begins", () => {
  const rows = layOut(files, 2, false, true);
  expect(rows.map((row) => row.kind === "files" && row.files.length)).toEqual([2, 1]);
});

test("columns and heights follow the width", () => {
  expect([columnsFor(358, true), columnsFor(1166, false)]).toEqual([2, 5]);
  expect(cardRowHeight(400, 2)).toBe(192 * 0.75 + 82);
});
