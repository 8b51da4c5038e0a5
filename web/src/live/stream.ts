/** The live stream of events (SSE), one for the whole page; it goes on after its last event when the connection breaks. */
import { now } from "../parts/clock";
import { session } from "../session";
import { Store } from "../store";

const TYPES = [
  "uploaded",
  "progress",
  "processed",
  "analyzed",
  "failed",
  "updated",
  "accessed",
  "deleted",
  "restored",
  "quarantined",
  "purged",
].map((name) => `file.${name}`);
const AGAIN_MS = 5_000;

export interface LiveEvent {
  id: string;
  type: string;
  source: string;
  subject: string;
  time: string;
  data: {
    filename?: string;
    service?: string;
    step?: string;
    state?: string;
    status?: string;
    attempt?: number;
    summary?: string | null;
    reason?: { code: string; detail: string } | null;
  };
}

export interface Connection {
  state: "connecting" | "connected" | "lost";
  /** When the last event or connection was, by the server's clock, in milliseconds. */
  at: number;
}

export const connection = new Store<Connection>({ state: "connecting", at: now() });
const listeners = new Set<(event: LiveEvent) => void>();
let stream: EventSource | null = null;
let timer = 0;

export function onEvent(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function open(): void {
  clearTimeout(timer);
  stream?.close();
  stream = new EventSource("/api/notifications/events");
  stream.onopen = () => connection.set({ state: "connected", at: now() });
  stream.onerror = () => {
    if (connection.get().state !== "lost") connection.set({ state: "lost", at: now() });
    // The browser tries again by itself, but gives up after an answer that is no stream.
    if (stream?.readyState === EventSource.CLOSED) timer = window.setTimeout(open, AGAIN_MS);
  };
  for (const type of TYPES) {
    stream.addEventListener(type, (message) => {
      const event = JSON.parse((message as MessageEvent<string>).data) as LiveEvent;
      listeners.forEach((listener) => listener(event));
    });
  }
}

/** Listen as long as somebody is in. */
export function listen(): void {
  let wasIn = false;
  const look = () => {
    const isIn = session.get().state === "in";
    if (isIn && !wasIn) open();
    if (!isIn && wasIn) {
      clearTimeout(timer);
      stream?.close();
      connection.set({ state: "lost", at: now() });
    }
    wasIn = isIn;
  };
  session.watch(look);
  look();
  // A pulled cable breaks no connection: nothing comes any more, and only the machine knows.
  addEventListener("offline", () => connection.set({ state: "lost", at: now() }));
  addEventListener("online", () => {
    if (wasIn) open();
  });
}
