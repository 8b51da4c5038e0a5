/** Files laid out in rows: headings by day, then a row of cards or one file each. */
import type { Spot } from "./line";

interface Heading {
  kind: "day";
  /** As the calendar of this machine has it: `2026-11-29`. */
  day: string;
  files: number;
  /** More of this day may follow: its count is not known yet. */
  open: boolean;
}
export type LaidOut = Heading | { kind: "files"; files: Spot[] };

export const CARD_LEAST_PX = 184;
export const CARD_LEAST_PHONE_PX = 136;
const GAP_PX = 16;
const CARD_TEXT_PX = 8 + 3 * 18;
const CARD_BELOW_PX = 20;
export const DAY_PX = 40;
export const ROW_PX = 60;
/** A finger's row: name, why it matched, what was found. */
export const ROW_PHONE_PX = 80;

export function columnsFor(width_px: number, phone: boolean): number {
  const least = phone ? CARD_LEAST_PHONE_PX : CARD_LEAST_PX;
  return Math.max(1, Math.floor((width_px + GAP_PX) / (least + GAP_PX)));
}

/** A row of cards: the 4:3 picture, three lines, and the space below. */
export function cardRowHeight(width_px: number, columns: number): number {
  const card = (width_px - GAP_PX * (columns - 1)) / columns;
  return Math.ceil((card * 3) / 4 + CARD_TEXT_PX + CARD_BELOW_PX);
}

interface Made {
  spots: readonly Spot[];
  columns: number;
  byDay: boolean;
  rows: LaidOut[];
}

let made: Made = { spots: [], columns: 0, byDay: false, rows: [] };

/** `byDay` only where the order is by time; `complete` says that no more files follow the last one. */
export function layOut(spots: readonly Spot[], columns: number, byDay: boolean, complete: boolean): LaidOut[] {
  // A list that has grown at its end is laid out from there: with 100,000 files the rest would be felt at each page.
  const last = made.spots.length - 1;
  const grows = made.columns === columns && made.byDay === byDay && last >= 0 && made.spots[last] === spots[last];
  const rows = grows ? made.rows.slice() : [];
  let heading = grows ? (rows.findLast((row) => row.kind === "day") as Heading | undefined) : undefined;
  let row = grows ? (rows.at(-1) as { files: Spot[] }).files : [];
  if (heading) heading.open = false;
  for (let at = grows ? last + 1 : 0; at < spots.length; at += 1) {
    const spot = spots[at]!;
    if (byDay && spot.day !== heading?.day) {
      heading = { kind: "day", day: spot.day, files: 0, open: false };
      rows.push(heading);
      row = [];
    }
    if (heading) heading.files += 1;
    if (row.length === 0 || row.length === columns) rows.push({ kind: "files", files: (row = []) });
    row.push(spot);
  }
  if (heading) heading.open = !complete;
  made = { spots, columns, byDay, rows };
  return rows;
}
