/**
 * The one connection to the live stream (SSE) that all tabs of a browser share: it opens six to a host, and a stream keeps one for ever.
 *
 * A lock says which tab holds the connection; that one tells the others over a channel. When it is closed or let go of, the
 * next one goes on after the last event that it was told of. One that holds the lock and answers nobody (stuck, or put to
 * sleep without being told) is robbed of it. Without Web Locks (plain HTTP to another machine) each tab has a connection of
 * its own. On failure: a connection that breaks is opened again, by the browser or after five seconds.
 */
import { EVENT_TYPES } from "./event";

const EVENTS = "/api/notifications/events";
const AGAIN_MS = 5_000;
/** A tab that somebody sees asks whether the holder is there, if it was told nothing for so long. */
const ASK_MS = 3_000;
const UNANSWERED_MOST = 2;

export type LineState = "connecting" | "connected" | "lost";

export interface Ears {
  /** The JSON of one event. After a change of hands some come again. */
  event: (body: string) => void;
  state: (state: LineState) => void;
}

type Message =
  { is: "event"; place: string; body: string } | { is: "state"; state: LineState; place: string } | { is: "asking" };

export class Line {
  /** The last event that this tab was told of, or where the stream began. */
  place: string;
  readonly #name: string;
  readonly #ears: Ears;
  readonly #channel: BroadcastChannel;
  readonly #looking: number;
  #state: LineState = "connecting";
  /** Not null: this tab holds the connection. */
  #source: EventSource | null = null;
  #waiting = new AbortController();
  #release: () => void = () => undefined;
  #again = 0;
  #unanswered = 0;
  #wasTold = false;
  #left = false;

  /** Tabs with the same `owner` share; what another owner is told is none of their business. */
  constructor(owner: string, place: string, ears: Ears) {
    this.#name = `filemill-live-${owner}`;
    this.place = place;
    this.#ears = ears;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = (told: MessageEvent<Message>) => this.#told(told.data);
    this.#looking = window.setInterval(this.look, ASK_MS);
    if ("locks" in navigator) this.#queue();
    else this.#open();
    this.#post({ is: "asking" });
  }

  leave(): void {
    this.#left = true;
    clearInterval(this.#looking);
    this.#channel.close();
    this.#waiting.abort();
    this.#close();
    this.#release();
  }

  /** Open the connection anew, or have its state said again: the network is back. */
  renew(): void {
    if (this.#source) this.#open();
    else this.#post({ is: "asking" });
  }

  /** See that there is somebody who holds it. Only tabs that are seen do: the clocks of the others hardly run. */
  look = (): void => {
    if (this.#source || document.hidden || !("locks" in navigator)) return;
    if (this.#wasTold) {
      this.#wasTold = false;
      this.#unanswered = 0;
    } else if (this.#unanswered >= UNANSWERED_MOST) this.#steal();
    else {
      this.#unanswered += 1;
      this.#post({ is: "asking" });
    }
  };

  #queue(): void {
    this.#waiting = new AbortController();
    this.#request({ signal: this.#waiting.signal });
  }

  #steal(): void {
    this.#unanswered = 0;
    this.#waiting.abort();
    this.#request({ steal: true });
  }

  #request(options: LockOptions): void {
    let mine = false;
    const hold = () => {
      mine = true;
      return this.#hold();
    };
    // It ends with an error where somebody else has stolen it, and where this tab stopped waiting for it.
    navigator.locks.request(this.#name, options, hold).catch(() => mine && this.#robbed());
  }

  /** Ends when this tab lets go. */
  #hold(): Promise<void> | undefined {
    if (this.#left) return undefined;
    this.#open();
    return new Promise((release) => (this.#release = release));
  }

  #robbed(): void {
    this.#close();
    if (this.#left) return;
    this.#queue();
    this.#post({ is: "asking" });
  }

  #open(): void {
    this.#close();
    this.#say("connecting");
    // A connection that the browser opens anew says its place by itself (`Last-Event-ID`), a first one cannot.
    const from = new URLSearchParams({ last_event_id: this.place || "now" });
    const source = (this.#source = new EventSource(`${EVENTS}?${from}`));
    source.addEventListener("begun", ({ lastEventId }) => {
      this.place = lastEventId;
      this.#say(this.#state);
    });
    source.onopen = () => this.#say("connected");
    source.onerror = () => {
      this.#say("lost");
      // The browser tries again by itself, but gives up after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) this.#again = window.setTimeout(() => this.#open(), AGAIN_MS);
    };
    for (const type of EVENT_TYPES)
      source.addEventListener(type, ({ lastEventId, data }: MessageEvent<string>) => {
        this.#post({ is: "event", place: lastEventId, body: data });
        this.#heard(lastEventId, data);
      });
  }

  #close(): void {
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = null;
  }

  #told(message: Message): void {
    if (message.is === "asking") {
      if (this.#source) this.#post({ is: "state", state: this.#state, place: this.place });
      return;
    }
    if (this.#source) return; // the last words of one that was robbed
    this.#wasTold = true;
    if (message.is === "event") this.#heard(message.place, message.body);
    else {
      this.place ||= message.place;
      this.#become(message.state);
    }
  }

  #heard(place: string, body: string): void {
    this.place = place;
    this.#ears.event(body);
  }

  #say(state: LineState): void {
    this.#become(state);
    this.#post({ is: "state", state, place: this.place });
  }

  #become(state: LineState): void {
    this.#state = state;
    this.#ears.state(state);
  }

  #post(message: Message): void {
    if (!this.#left) this.#channel.postMessage(message);
  }
}
