/**
 * The line of a search: which files it has and in which order, as far as somebody has looked.
 *
 * Of each file only its id and day are kept, slice by slice as the service gave them, so a line of 100,000 files costs a few
 * megabytes; what a file looks like is asked for while it can be seen (`pages`). A slice that is asked for again may begin or
 * end elsewhere, since files came and went: it takes the place of what it covers, and a gap it leaves is filled from where it ends.
 */
export interface Slice {
  /** Where it begins; empty: the first. */
  cursor: string;
  /** Where it goes on; null: nowhere. */
  next: string | null;
  ids: readonly string[];
  /** The day each came, as this machine's calendar has it: `2026-11-29`. */
  days: readonly string[];
}

export type Line = readonly Slice[];

export interface Spot {
  id: string;
  day: string;
  cursor: string;
}

/** The line with a slice that came; one that belongs nowhere in it (the line was begun anew meanwhile) changes nothing. */
export function placed(line: Line, came: Slice): Line {
  const known = line.findIndex((slice) => slice.cursor === came.cursor);
  const before = known >= 0 ? known : line.findIndex((slice) => slice.next === came.cursor) + 1;
  if (known < 0 && before === 0 && came.cursor) return line;
  if (came.next === null) return [...line.slice(0, before), came];
  const later = line.slice(known >= 0 ? known + 1 : before);
  const last = came.ids.at(-1);
  const meets = last === undefined ? -1 : later.findIndex((slice) => slice.ids.includes(last));
  if (meets < 0) return [...line.slice(0, before), came, ...later];
  return [...line.slice(0, before), { ...came, next: later[meets]!.cursor }, ...later.slice(meets)];
}

/** Without files that are gone. */
export function without(line: Line, gone: ReadonlySet<string>): Line {
  if (!line.some((slice) => slice.ids.some((id) => gone.has(id)))) return line;
  return line.map((slice) => {
    const stays = slice.ids.map((id) => !gone.has(id));
    if (!stays.includes(false)) return slice;
    return { ...slice, ids: slice.ids.filter((_, at) => stays[at]), days: slice.days.filter((_, at) => stays[at]) };
  });
}

export interface Missing {
  cursor: string;
  /** Between two slices, not behind the last. */
  inside: boolean;
}

/** What to ask for next: the first gap, else what follows the end; null when the line is whole. */
export function missing(line: Line): Missing | null {
  if (!line.length) return { cursor: "", inside: false };
  const at = line.findIndex((slice, index) => slice.next !== (line[index + 1]?.cursor ?? null));
  const cursor = line[at]?.next ?? null;
  return cursor === null ? null : { cursor, inside: at < line.length - 1 };
}

/** What was made of a line so far. A line mostly grows at its end: then only what is new is looked at. */
interface Made {
  line: Line;
  seen: Set<string>;
  spots: Spot[];
}

let made: Made = { line: [], seen: new Set(), spots: [] };

/** Every file once, where it stands first. Another line gives another list; what stays the same stays the same object. */
export function spotsOf(line: Line): readonly Spot[] {
  if (made.line === line) return made.spots;
  const grows = made.line.length <= line.length && made.line.every((slice, at) => sameFiles(slice, line[at]!));
  const seen = grows ? made.seen : new Set<string>();
  const spots = grows ? made.spots.slice() : [];
  for (const slice of line.slice(grows ? made.line.length : 0))
    slice.ids.forEach((id, at) => {
      if (seen.has(id)) return;
      seen.add(id);
      spots.push({ id, day: slice.days[at]!, cursor: slice.cursor });
    });
  made = { line, seen, spots };
  return spots;
}

const sameFiles = (one: Slice, other: Slice): boolean =>
  one === other || (one.cursor === other.cursor && one.ids.join() === other.ids.join());
