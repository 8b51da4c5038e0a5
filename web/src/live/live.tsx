/** The services at work: a map that always looks the same, what is behind and why, the last events. All of it from the mill's own health, queues and stream. */
import { useEffect, useRef, useState } from "preact/hooks";
import { go, usePlace, withQuery } from "../address";
import { useGroups, useReadsFiles, useSnapshot, useWholeHealth } from "../api/queries";
import { Button, ProblemNote } from "../parts/bits";
import { count, moment, when } from "../parts/format";
import { Icon } from "../parts/icons";
import { Name } from "../parts/name";
import { useLetters } from "../parts/shortcuts";
import { session } from "../session";
import { useStore } from "../store";
import { words } from "../words";
import type { LiveEvent } from "./event";
import { Map as ServiceMap } from "./map";
import { Panel } from "./panel";
import { connection, onEvent } from "./stream";

const LOOK_MS = 2_000;
const EVENTS_SHOWN = 12;
const NAMES_MOST = 500;
/** From here on a queue is behind: its oldest message has waited so long, in seconds. */
export const BEHIND_S = 30;
const LISTENERS: Record<string, string> = {
  upload: "metadata, processing, notification",
  processing: "ai, metadata, notification",
  ai: "metadata, notification",
  metadata: "upload, notification",
};

export default function Live() {
  const { query } = usePlace();
  const chosen = query.get("service");
  const [paused, setPaused] = useState(false);
  const operates = useStore(session).who?.is_admin ?? false;
  const snapshot = useSnapshot(paused ? false : LOOK_MS, operates);
  const health = useWholeHealth(LOOK_MS * 2);
  const hand = useGroups().data ?? [];
  const line = useStore(connection);
  const events = useEvents(paused);
  useEffect(() => {
    document.title = `${words.live.title} · ${words.product}`;
  }, []);
  const choose = (service: string | null) => go(withQuery({ service }), true);
  useLetters({ Escape: () => choose(null) });
  const minute = snapshot.data?.events_last_minute ?? {};
  const behind = (snapshot.data?.queues ?? []).filter((queue) => queue.oldest_s > BEHIND_S);
  const unwell = Object.entries(health.data?.services ?? {}).filter(([, service]) => service.status !== "ok");
  const [came, read] = [minute["file.uploaded"] ?? 0, minute["file.processed"] ?? 0];
  return (
    <main id="main" class={`livepage ${line.state === "lost" ? "stale" : ""}`} tabIndex={-1}>
      <section class="lmain">
        <div class="head">
          <h1>{words.live.title}</h1>
          <p class="m">
            {!operates && words.live.operators}
            {snapshot.data &&
              (came + read ? words.live.rate(words.files(came, count(came)), count(read)) : words.live.quiet)}
          </p>
          <div class="sp" />
          <span class={["lost", "closed"].includes(line.state) ? "conn off" : "conn"}>
            <Icon name="live" />
            <span>
              {line.state === "lost"
                ? words.live.lost(when(new Date(line.at).toISOString()))
                : words.live.connection[line.state]}
            </span>
          </span>
          <Button icon={paused ? "play" : "pause"} class="small" onClick={() => setPaused(!paused)}>
            {paused ? words.live.goOn : words.live.pause}
          </Button>
        </div>
        <Sentence
          behind={[...new Set(behind.map((queue) => queue.queue.split(".")[0]!))]}
          unwell={unwell.map(([name]) => name)}
          onSee={choose}
        />
        {snapshot.error && !snapshot.data && (
          <ProblemNote error={snapshot.error} retry={() => void snapshot.refetch()} />
        )}
        <ServiceMap
          snapshot={snapshot.data}
          health={health.data}
          chosen={chosen}
          events={events}
          hand={hand.filter(({ service }) => service === "processing").reduce((sum, group) => sum + group.count, 0)}
        />
        <Events events={events} />
      </section>
      {chosen && <Panel service={chosen} snapshot={snapshot.data} health={health.data} onClose={() => choose(null)} />}
    </main>
  );
}

function Sentence({ behind, unwell, onSee }: { behind: string[]; unwell: string[]; onSee: (service: string) => void }) {
  const [tone, icon, head, text, first] = unwell.length
    ? (["warn", "person", words.live.down(unwell.join(", ")), "", unwell[0]!] as const)
    : behind.length
      ? (["wait", "waiting", words.live.behind(behind.join(", ")), words.live.behindText, behind[0]!] as const)
      : (["", "ready", words.live.allWell, "", ""] as const);
  return (
    <p class={`alert ${tone || "well"}`} role="status">
      <Icon name={icon} class={tone || "ok"} />
      <span>
        <b>{head}</b> {text}
      </span>
      {first && (
        <button type="button" class="plainlink" onClick={() => onSee(first)}>
          {words.live.seeWhy}
        </button>
      )}
    </p>
  );
}

export interface Happened {
  event: LiveEvent;
  name: string;
}

/** The newest events; only some of them say the file's name, so names are remembered. */
function useEvents(paused: boolean): Happened[] {
  const [events, setEvents] = useState<Happened[]>([]);
  const names = useRef(new globalThis.Map<string, string>());
  useEffect(() => {
    if (paused) return;
    return onEvent((event) => {
      if (event.data.filename) {
        names.current.set(event.subject, event.data.filename);
        if (names.current.size > NAMES_MOST) names.current.delete(names.current.keys().next().value!);
      }
      if (event.type === "file.progress" || event.type === "file.accessed") return;
      const name = names.current.get(event.subject) ?? "";
      setEvents((before) => [{ event, name }, ...before].slice(0, EVENTS_SHOWN));
    });
  }, [paused]);
  return events;
}

function Events({ events }: { events: Happened[] }) {
  const head = words.live.head;
  const reads = useReadsFiles();
  return (
    <section class="evs" aria-label={words.live.events}>
      <h2>{words.live.events}</h2>
      {!events.length && <p class="m">{reads ? words.live.noEvents : words.live.eventsOfFiles}</p>}
      {events.length > 0 && (
        <div class="tw" tabIndex={0} role="group">
          <table>
            <thead>
              <tr>
                <th scope="col">{head.time}</th>
                <th scope="col">{head.event}</th>
                <th scope="col">{head.file}</th>
                <th scope="col">{head.from}</th>
                <th scope="col">{head.to}</th>
              </tr>
            </thead>
            <tbody>
              {events.map(({ event, name }) => {
                const from = event.source.split("/").at(-1)!;
                return (
                  <tr key={event.id}>
                    <td class="mono m">{moment(event.time).split(" ").at(-1)}</td>
                    <td>
                      <span class={event.type === "file.failed" ? "evt bad" : "evt"}>{event.type}</span>
                    </td>
                    <td class="fn">
                      <a href={`/files/${event.subject}`}>
                        <Name name={name || event.subject} />
                      </a>
                    </td>
                    <td class="m">{from}</td>
                    <td class="m to">{LISTENERS[from] ?? "notification"}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
