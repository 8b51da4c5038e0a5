import { expect, test } from "vitest";
import { heard, now } from "./clock";

const offBy = (date: string, begun: number, ended: number) => {
  heard(date, begun, ended);
  return Math.round((now() - Date.now()) / 100) * 100;
};
const noon = Date.parse("2026-11-29T12:00:00Z");
const said = new Date(noon).toUTCString();

test("a clock that agrees with the server within the call is right", () => {
  expect(offBy(said, noon - 4_000, noon + 3_000)).toBe(0);
  expect(offBy(said, noon + 900, noon + 950)).toBe(0);
});

test("a clock that is behind or ahead is set right, by no more than is known", () => {
  expect(offBy(said, noon - 7_200_000, noon - 7_199_000)).toBe(7_199_000);
  expect(offBy(said, noon + 86_400_999, noon + 86_401_500)).toBe(-86_400_000);
});

test("an answer that does not say its time changes nothing", () => {
  heard(said, noon - 10_000, noon - 10_000);
  expect(offBy("", 0, 0)).toBe(10_000);
});
