/**
 * The time as the server has it. Every time in an answer is the server's, so "today", "in 5 minutes" and a bar that grows are
 * measured against its clock: this machine's may be wrong by hours.
 */
let off_ms = 0;

/** Learn from an answer's `Date` how far this clock is off; `begun` and `ended` are when the call was made and answered, by it. */
export function heard(date: string | null, begun: number, ended: number): void {
  const from = Date.parse(date ?? "");
  if (Number.isNaN(from)) return;
  // `Date` is in whole seconds, and was written at some moment of the call.
  const until = from + 999;
  off_ms = until < begun ? until - begun : from > ended ? from - ended : 0;
}

export const now = (): number => Date.now() + off_ms;
