/** What was found in a file, as rows that people read: a label, a value, how sure, and the place on the page that proves it. */
import type { Document, Finding } from "../api/shapes";
import { words } from "../words";

/** In shares (0 to 1) of the page, from its top left. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Fact {
  id: string;
  capability: string;
  label: string;
  value: string;
  page: number | null;
  box: Box | null;
  /** Where it stands in the text of its page, in characters. */
  span: [number, number] | null;
  confidence: number | null;
}

export const SURE_FROM = 0.7;
const FIRST = [
  "total",
  "invoice-number",
  "party",
  "organisation",
  "due",
  "date",
  "money",
  "reference",
  "iban",
  "vat-id",
  "email",
  "phone",
  "url",
];
const rank = (kind: string): number => (FIRST.includes(kind) ? FIRST.indexOf(kind) : FIRST.length);

interface Place {
  page?: number;
  box?: Box;
  start?: number;
  end?: number;
  text?: string;
}

interface Entity extends Place {
  kind: string;
  value: string;
  text: string;
  confidence?: number;
  details?: Record<string, unknown>;
}

const spell = (name: string): string => {
  const said = name.replace(/[-_]/g, " ");
  return said.charAt(0).toUpperCase() + said.slice(1);
};

const placed = (place: Place): Pick<Fact, "page" | "box" | "span"> => ({
  page: place.page ?? null,
  box: place.box ?? null,
  span: place.start !== undefined && place.end !== undefined ? [place.start, place.end] : null,
});

function entities(finding: Finding): Fact[] {
  const found = ((finding.result as { entities?: Entity[] } | null)?.entities ?? []).map((entity, at) => ({
    entity,
    at,
  }));
  const seen = new Set<string>();
  return found
    .sort((a, b) => rank(a.entity.kind) - rank(b.entity.kind) || a.at - b.at)
    .flatMap(({ entity, at }) => {
      const role = String(entity.details?.role ?? entity.details?.label ?? "");
      const key = `${entity.kind === "organisation" ? "party" : entity.kind}|${entity.text}`;
      if (seen.has(key)) return [];
      seen.add(key);
      const label =
        words.findings.kinds[role] ?? words.findings.kinds[entity.kind.replaceAll("-", "_")] ?? spell(entity.kind);
      return [
        {
          id: `entities-${at}`,
          capability: "entities",
          label,
          value: entity.text || entity.value,
          confidence: entity.confidence ?? null,
          ...placed(entity),
        },
      ];
    });
}

/** Every other ability's proofs: objects in a picture, codes (whose places are the proofs, in the same order), names. */
function proofs(finding: Finding): Fact[] {
  const kept = ["objects", "barcodes", "faces", "names"].includes(finding.capability);
  if (!kept || finding.state !== "done") return [];
  const codes = (finding.result as { barcodes?: { text?: string }[] } | null)?.barcodes ?? [];
  return (finding.evidence as (Place & { label?: string; confidence?: number })[]).map((proof, at) => ({
    id: `${finding.capability}-${at}`,
    capability: finding.capability,
    label: words.findings.capabilities[finding.capability] ?? spell(finding.capability),
    value: proof.label ?? proof.text ?? codes[at]?.text ?? "",
    confidence: proof.confidence ?? finding.confidence,
    ...placed(proof),
  }));
}

export function factsOf(file: Document): Fact[] {
  return file.findings.flatMap((finding) => (finding.capability === "entities" ? entities(finding) : proofs(finding)));
}

export interface Gist {
  capability: string;
  label: string;
  value: string;
  confidence: number | null;
  suggested: boolean;
}

/** What is said of the file as a whole: its kind, language, tone, keywords, one sentence. */
export function gistOf(file: Document): Gist[] {
  return file.findings.flatMap((finding) => {
    if (finding.state !== "done") return [];
    const result = (finding.result ?? {}) as Record<string, unknown>;
    const value = said(finding.capability, result);
    if (!value) return [];
    const label = words.findings.capabilities[finding.capability] ?? spell(finding.capability);
    return [
      {
        capability: finding.capability,
        label,
        value,
        confidence: finding.confidence,
        suggested: result.suggested === true,
      },
    ];
  });
}

function said(capability: string, result: Record<string, unknown>): string {
  switch (capability) {
    case "classification":
      return spell(String(result.class ?? ""));
    case "language":
      return language(String(result.language ?? ""));
    case "sentiment":
      return String(result.label ?? "");
    case "keywords":
      return ((result.keywords as { text: string }[] | undefined) ?? []).map((one) => one.text).join(", ");
    case "description":
      return String(result.text ?? "");
    case "captions":
      return String(result.text ?? result.caption ?? "");
    default:
      return "";
  }
}

function language(code: string): string {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code) ?? code;
  } catch {
    return code; // a code that is none: it is shown as it came
  }
}
