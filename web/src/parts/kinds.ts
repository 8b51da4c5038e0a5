/** The kinds of file that people tell apart: what a type is called, its sign, and whether it has a picture. */
import type { IconName } from "./icons";

interface Kind {
  /** What `type=` of the search calls it. */
  family: string;
  one: string;
  many: string;
  icon: IconName;
}

const KINDS: Kind[] = [
  { family: "image", one: "Picture", many: "Pictures", icon: "image" },
  { family: "pdf", one: "PDF", many: "PDF", icon: "document" },
  { family: "document", one: "Document", many: "Documents", icon: "document" },
  { family: "table", one: "Table", many: "Tables", icon: "table" },
  { family: "slides", one: "Slides", many: "Slides", icon: "slides" },
  { family: "mail", one: "E-mail", many: "Mail", icon: "mail" },
  { family: "text", one: "Text", many: "Text", icon: "text" },
  { family: "web page", one: "Web page", many: "Web pages", icon: "globe" },
  { family: "video", one: "Video", many: "Video", icon: "video" },
  { family: "audio", one: "Audio", many: "Audio", icon: "audio" },
  { family: "archive", one: "Archive", many: "Archives", icon: "archive" },
];
const OTHER: Kind = { family: "other", one: "File", many: "Other", icon: "document" };

const EXACT: Record<string, string> = {
  "application/pdf": "pdf",
  "text/csv": "table",
  "text/tab-separated-values": "table",
  "text/html": "web page",
  "message/rfc822": "mail",
  "application/vnd.ms-outlook": "mail",
  "application/zip": "archive",
  "application/x-tar": "archive",
  "application/x-7z-compressed": "archive",
  "application/gzip": "archive",
  "application/msword": "document",
  "application/rtf": "document",
  "application/epub+zip": "document",
  "application/vnd.ms-excel": "table",
  "application/vnd.ms-powerpoint": "slides",
};
const PARTS: [string, string][] = [
  ["wordprocessingml", "document"],
  ["opendocument.text", "document"],
  ["spreadsheet", "table"],
  ["presentation", "slides"],
];

export function familyOf(type: string): string {
  const known = EXACT[type] ?? PARTS.find(([part]) => type.includes(part))?.[1];
  if (known) return known;
  const major = type.split("/")[0]!;
  return ["image", "audio", "video", "text"].includes(major) ? major : "other";
}

export const kindOfFamily = (family: string): Kind => KINDS.find((kind) => kind.family === family) ?? OTHER;
export const kindOf = (type: string): Kind => kindOfFamily(familyOf(type));

/** The families of a count by media type, the largest first. */
export function countFamilies(byType: Record<string, number>): [Kind, number][] {
  const sums = new Map<string, number>();
  for (const [type, files] of Object.entries(byType)) {
    const family = type.includes("/") ? familyOf(type) : kindOfFamily(type).family;
    sums.set(family, (sums.get(family) ?? 0) + files);
  }
  return [...sums].map(([family, files]): [Kind, number] => [kindOfFamily(family), files]).sort((a, b) => b[1] - a[1]);
}

/** Names with their counts, those with most first. The service's order is lost on the way: an object has names such as `2024` before all others. */
export const mostFirst = (counts: Record<string, number>): [string, number][] =>
  Object.entries(counts).sort(([one, more], [other, most]) => most - more || (one < other ? -1 : 1));

/** The rendition a card shows, for kinds that have one; sound has its wave. */
export function pictureOf(type: string): string | null {
  const family = familyOf(type);
  if (family === "audio") return "waveform";
  return ["image", "pdf", "document", "slides", "table", "video"].includes(family) && !type.startsWith("text/")
    ? "thumbnail"
    : null;
}
