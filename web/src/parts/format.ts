/** Numbers, sizes and times as people read them. Units are part of the text; times are local, with the whole date on hover. */
import { now as atServer } from "./clock";

const number = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
const DAY_MS = 86_400_000;

export const count = (value: number): string => number.format(value);

export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function duration(ms: number): string {
  if (ms < 1) return "0 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3570) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_000) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A length of sound or film: `3:41`, `1:02:05`. */
export function runningTime(seconds: number): string {
  const total = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60)];
  return hours ? `${hours}:${pad(minutes)}:${pad(total % 60)}` : `${minutes}:${pad(total % 60)}`;
}

const midnight = (time: number): number => new Date(time).setHours(0, 0, 0, 0);

/** The day a time belongs to, for headings. */
export function day(time: string, now = atServer()): string {
  const days = Math.round((midnight(now) - midnight(Date.parse(time))) / DAY_MS);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (new Date(time).getFullYear() === new Date(now).getFullYear() ? dayMonth : dayMonthYear).format(
    new Date(time),
  );
}

/** The day a time belongs to, for telling days apart: `2026-11-29`. */
export function dayOf(time: string): string {
  const at = new Date(time);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

/** A time of today as the clock says, an older one as its day. */
export function when(time: string, now = atServer()): string {
  const said = day(time, now);
  return said === "Today" ? clock.format(new Date(time)) : said;
}

export const moment = (time: string): string => `${day(time)} ${clockSeconds.format(new Date(time))}`;
export const exactly = (time: string): string => whole.format(new Date(time));
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** `in about 3 minutes`, `in 5 days`; for what is still to come. */
export function until(time: string, now = atServer()): string {
  const seconds = (Date.parse(time) - now) / 1000;
  if (seconds <= 0) return "now";
  if (seconds < 90) return `in ${Math.round(seconds)} s`;
  if (seconds < 5400) return `in ${Math.round(seconds / 60)} minutes`;
  if (seconds < 129_600) return `in ${Math.round(seconds / 3600)} hours`;
  return `in ${Math.round(seconds / 86_400)} days`;
}
