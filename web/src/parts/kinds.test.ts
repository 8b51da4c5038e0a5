import { expect, test } from "vitest";
import { mostFirst } from "./kinds";

test("names of digits stand where their count puts them, and equal counts by the alphabet", () => {
  const counts = JSON.parse('{"paid": 7, "2024": 3, "family": 3, "2025": 9}') as Record<string, number>;
  expect(mostFirst(counts).map(([name]) => name)).toEqual(["2025", "paid", "2024", "family"]);
});
