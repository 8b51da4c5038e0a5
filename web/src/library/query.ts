/** What is searched for: one text in the address, seen as conditions (`type:pdf`) and words. Chips and text are the same state. */
import { now as atServer } from "../parts/clock";

const CONDITION = /(?:^|\s)((type|tag|status|owner|created|size):("[^"]*"|\S+))(?=\s|$)/g;

export interface Condition {
  /** As it stands in the text, `type:pdf`. */
  text: string;
  name: string;
  value: string;
}

export interface Query {
  conditions: Condition[];
  words: string;
}

export function parse(text: string): Query {
  const conditions = [...text.matchAll(CONDITION)].map(([, whole, name, value]) => ({
    text: whole!,
    name: name!,
    value: value!.replace(/^"|"$/g, ""),
  }));
  return { conditions, words: text.replace(CONDITION, " ").replace(/\s+/g, " ").trim() };
}

export const join = (query: Query): string =>
  [...query.conditions.map((condition) => condition.text), query.words].filter(Boolean).join(" ");

const quoted = (value: string): string => (/\s/.test(value) ? `"${value}"` : value);

/** The text with one condition of that name, or none. */
export function withCondition(text: string, name: string, value: string | null): string {
  const query = parse(text);
  const others = query.conditions.filter((condition) => condition.name !== name);
  const own = value ? [{ name, value, text: `${name}:${quoted(value)}` }] : [];
  return join({ conditions: [...others, ...own], words: query.words });
}

/** `created:` said in words that only make sense today, as the API takes it. */
export function sinceWhen(word: string, now = new Date(atServer())): string {
  const back = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10);
  const days: Record<string, number> = { today: 0, week: 6, month: 29 };
  return word === "year" ? `>=${now.getUTCFullYear()}` : `>=${back(days[word] ?? 0)}`;
}
