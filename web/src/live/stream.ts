/** What happens, live, for whoever wants to know: every event once, and whether there is a connection. One stream serves all tabs (`line`). */
import { now } from "../parts/clock";
import { readsFiles, session } from "../session";
import { Store } from "../store";
import type { LiveEvent } from "./event";
import { Line, type LineState } from "./line";

/** Events that come a second time do so within so many others. */
const REMEMBERED = 1_000;

export interface Connection {
  /** `closed`: whoever is here may hear of no file. */
  state: LineState | "closed";
  /** When it became so, by the server's clock, in milliseconds. */
  at: number;
}

export const connection = new Store<Connection>({ state: "connecting", at: now() });
const listeners = new Set<(event: LiveEvent) => void>();
const seen = new Set<string>();
let line: Line | null = null;
/** Where this tab was when it last listened, and for whom. */
let left = { owner: "", place: "" };

export function onEvent(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function hear(body: string): void {
  const event = JSON.parse(body) as LiveEvent;
  if (seen.has(event.id)) return;
  seen.add(event.id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value!);
  listeners.forEach((listener) => listener(event));
}

function become(state: Connection["state"]): void {
  if (state !== connection.get().state) connection.set({ state, at: now() });
}

function join(): void {
  const { state, who } = session.get();
  if (line || state !== "in" || !who) return;
  if (!readsFiles(session.get())) return become("closed");
  const owner = who.owner_id;
  become("connecting");
  line = new Line(owner, owner === left.owner ? left.place : "", { event: hear, state: become });
  left = { owner, place: "" };
}

function leave(): void {
  if (!line) return;
  left.place = line.place;
  line.leave();
  line = null;
}

/** Listen as long as somebody is in, and this tab is awake. */
export function listen(): void {
  const look = () => {
    const { state, who } = session.get();
    if (state !== "in" || who?.owner_id !== left.owner || !readsFiles(session.get())) leave();
    if (state === "in") join();
    else become("lost");
  };
  session.watch(look);
  look();
  // A tab that is put to sleep holds nothing that another one needs.
  document.addEventListener("freeze", leave);
  document.addEventListener("resume", join);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", join);
  document.addEventListener("visibilitychange", () => line?.look());
  // A pulled cable breaks no connection: nothing comes any more, and only the machine knows.
  addEventListener("offline", () => line && become("lost"));
  addEventListener("online", () => line?.renew());
}
