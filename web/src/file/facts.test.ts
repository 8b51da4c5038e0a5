import { expect, test } from "vitest";
import type { Document, Finding } from "../api/shapes";
import { factsOf } from "./facts";

const finding = (capability: string, result: unknown, evidence: unknown[]) =>
  ({ capability, state: "done", result, evidence, confidence: 0.9 }) as unknown as Finding;
const box = { left: 0.1, top: 0.2, width: 0.3, height: 0.4 };

test("a code says what it carries, at its place", () => {
  const codes = { barcodes: [{ format: "QRCode", text: "https://example.org/1", box }] };
  const [fact] = factsOf({ findings: [finding("barcodes", codes, [{ box }])] } as Document);
  expect([fact!.value, fact!.box]).toEqual(["https://example.org/1", box]);
});

test("an object says what it is and how sure that is, at its place", () => {
  const objects = [{ label: "dog", confidence: 0.8, box }];
  const [fact] = factsOf({ findings: [finding("objects", { objects }, objects)] } as Document);
  expect([fact!.value, fact!.confidence, fact!.box]).toEqual(["dog", 0.8, box]);
});
