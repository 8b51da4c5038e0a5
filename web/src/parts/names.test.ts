import { expect, test } from "vitest";
import { halves, visible } from "./names";

test("marks that turn or hide text are shown, not obeyed", () => {
  expect(visible("invoice\u202efdp.exe")).toBe("invoice(U+202E)fdp.exe");
  expect(visible("a\u200bb\u0000c")).toBe("a(U+200B)b(U+0000)c");
});

test("the end of a name is never cut, and markup is text", () => {
  expect(halves("<b>quarterly</b>.pdf")).toEqual(["<b>quarterl", "y</b>.pdf"]);
  expect(halves("a.c").join("")).toBe("a.c");
});

test("a name is split between whole characters", () => {
  const name = "😀".repeat(30);
  expect(halves(name)[1]).toBe("😀".repeat(9));
});
