/** Who is looking. Without credentials asked for it is the user of this machine; else a session by cookie, begun with a key or at an issuer. */
import type { Who } from "./api/shapes";
import { heard } from "./parts/clock";
import { Store } from "./store";

export interface SessionState {
  state: "asking" | "in" | "out" | "unreachable";
  who: Who | null;
  /** Somebody was in and is not any more: they sign in over the living page. */
  lapsed: boolean;
}

class Session extends Store<SessionState> {
  ended(): void {
    const before = this.get();
    if (before.state === "out") return;
    this.set({ state: "out", who: null, lapsed: before.state === "in" });
  }

  began(who: Who): void {
    this.set({ state: "in", who, lapsed: false });
  }
}

export const session = new Session({ state: "asking", who: null, lapsed: false });

/** Whether they may read files. An administrator's key opens none by itself, and what is asked in vain is refused each time. */
export const readsFiles = ({ who }: SessionState): boolean => who?.scopes.includes("files:read") ?? false;
export const writesFiles = ({ who }: SessionState): boolean => who?.scopes.includes("files:write") ?? false;

/** Ask who we are; a 401 is an answer, not a failure. */
export async function ask(): Promise<void> {
  const begun = Date.now();
  try {
    const answer = await fetch("/api/session", {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(10_000),
    });
    heard(answer.headers.get("Date"), begun, Date.now());
    if (answer.ok) session.began((await answer.json()) as Who);
    else if (answer.status === 401) session.ended();
    else session.set({ state: "unreachable", who: null, lapsed: false });
  } catch {
    session.set({ state: "unreachable", who: null, lapsed: false });
  }
}
