import { expect, test } from "vitest";
import { stateOf } from "./states";

const ready = { status: "processed" as const, status_reason: null, analysis: "done" as const, needs_password: false };

test("a file that is well says nothing, one behind a password says what it needs", () => {
  expect(stateOf(ready)).toBeNull();
  expect(stateOf({ ...ready, needs_password: true })).toMatchObject({ tone: "warn", text: "Needs a password" });
});

test("what still happens to a locked file comes before what it needs", () => {
  expect(stateOf({ ...ready, needs_password: true, analysis: "pending" })?.tone).toBe("run");
  expect(stateOf({ ...ready, needs_password: true, status: "processing" })?.tone).toBe("run");
});
