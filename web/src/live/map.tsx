/** The map: every service at its fixed place, its queue before it, events moving along the lines. */
import { useEffect, useRef, useState } from "preact/hooks";
import { withQuery } from "../address";
import { useKeys, useLogins, useReadsFiles, useStats } from "../api/queries";
import type { Breaker, Snapshot, WholeHealth } from "../api/shapes";
import { now } from "../parts/clock";
import { count, size } from "../parts/format";
import { Icon, type IconName } from "../parts/icons";
import { session } from "../session";
import { useStore } from "../store";
import { rows } from "../uploads/queue";
import { OPEN } from "../uploads/row";
import { words } from "../words";
import { BEHIND_S, type Happened } from "./live";

const GRAINS = 20;
/** The lines of the map, in its own pixels (824 by 500). */
const PATHS = {
  in: "M104 224H124",
  upload: "M276 224H304",
  publish: "M448 224H480",
  store: "M376 268V320",
  access: "M200 268V320",
  metadata: "M498 66H642",
  processing: "M498 184H642",
  ai: "M498 302H642",
  notification: "M498 420H642",
  fromProcessing: "M642 212C600 222 560 222 498 226",
  fromAi: "M642 330C600 340 560 340 498 344",
  reads: "M200 180V40C200 22 210 12 230 12H560C610 12 620 40 642 44",
  stream: "M642 450C600 480 500 486 300 486C120 486 52 480 52 420V268",
};
const CONSUMERS = ["metadata", "processing", "ai", "notification"] as const;
const ICONS: Record<string, IconName> = {
  metadata: "database",
  processing: "processing",
  ai: "ai",
  notification: "bell",
};
/** The lines an event runs along, by its type. */
const ROUTES: Record<string, (keyof typeof PATHS)[]> = {
  "file.uploaded": ["upload", "publish", "metadata", "processing", "notification"],
  "file.processed": ["fromProcessing", "ai", "metadata", "notification"],
  "file.failed": ["fromProcessing", "metadata", "notification"],
  "file.analyzed": ["fromAi", "metadata", "notification"],
};
const RETURNING = new Set(["fromProcessing", "fromAi"]);
const DOTS_MOST = 30;
const HOP_MS = 900;

interface MapProps {
  snapshot: Snapshot | undefined;
  health: WholeHealth | undefined;
  chosen: string | null;
  events: Happened[];
  hand: number;
}

export function Map({ snapshot, health, chosen, events, hand }: MapProps) {
  const reads = useReadsFiles();
  const stats = useStats().data;
  const uploading = useStore(rows).filter((row) => OPEN.has(row.state)).length;
  const minute = snapshot?.events_last_minute ?? {};
  const each = (type: string) => minute[type] ?? 0;
  const all = Object.values(minute).reduce((sum, one) => sum + one, 0);
  const status = (service: string) => health?.services?.[service]?.status;
  const workers = (service: string) => {
    const here = health?.services?.[service]?.workers;
    return here === undefined || here === null ? "" : words.live.workers(here);
  };
  // What is not known is left out: a nought would be a claim.
  const known = (said: string) => (snapshot ? said : "");
  const lines: Record<string, [string, string]> = {
    metadata: [known(words.live.perMinute(each("file.updated"), "changes")), words.live.reads],
    processing: [
      known(words.live.perMinute(each("file.processed"), "read")),
      hand ? words.nav.needsHand(hand) : workers("processing"),
    ],
    ai: [known(words.live.perMinute(each("file.analyzed"), "looked at")), workers("ai")],
    notification: [
      known(words.live.openStreams(snapshot?.open_streams ?? 0)),
      known(words.live.perMinute(all, "events")),
    ],
  };
  return (
    <div class="map">
      <svg class="flows" viewBox="0 0 824 500" aria-hidden="true">
        {Object.entries(PATHS).map(([name, path]) => (
          <path
            key={name}
            class={`flow ${RETURNING.has(name) ? "back" : ""} ${["reads", "stream"].includes(name) ? "dash thin" : ""}`}
            d={path}
          />
        ))}
        <Dots events={events} />
      </svg>
      <Node
        name="clients"
        icon="slides"
        label={words.live.clients}
        one={known(words.live.open(snapshot?.open_streams ?? 0))}
        two={words.live.uploading(uploading)}
        chosen={chosen}
      />
      <Node
        name="gateway"
        icon="gateway"
        label="gateway"
        one={health ? words.live.ok : "…"}
        two=""
        status={health && "ok"}
        chosen={chosen}
      />
      <AccessNode state={health?.services?.access} chosen={chosen} />
      <Node
        name="upload"
        icon="server"
        label="upload"
        one={known(words.live.filesPerMinute(each("file.uploaded")))}
        two=""
        status={status("upload")}
        breakers={health?.services?.upload?.breakers}
        chosen={chosen}
      />
      <Node
        name="store"
        icon="archive"
        label={words.live.store}
        one={stats ? words.files(stats.files, count(stats.files)) : reads ? "…" : words.live.noFiles}
        two={stats ? size(stats.bytes_stored) : ""}
        status={health?.services?.upload?.dependencies?.storage?.status}
        chosen={chosen}
      />
      <div class="chan" aria-hidden="true">
        <span>{words.live.channel}</span>
      </div>
      {CONSUMERS.map((service, at) => (
        <Queue
          key={service}
          at={at + 1}
          queues={snapshot?.queues.filter((queue) => queue.queue.startsWith(`${service}.`))}
        />
      ))}
      {CONSUMERS.map((service) => (
        <Node
          key={service}
          name={service}
          icon={ICONS[service]!}
          label={service}
          one={lines[service]![0]}
          two={lines[service]![1]}
          status={status(service)}
          breakers={health?.services?.[service]?.breakers}
          chosen={chosen}
        />
      ))}
    </div>
  );
}

/** Keys in force and where the one who looks is signed in: the sessions of others are nobody else's business. */
function AccessNode({ state, chosen }: { state: WholeHealth["services"][string] | undefined; chosen: string | null }) {
  const { who } = useStore(session);
  const asks = who !== null && who.auth !== "none";
  const keys = useKeys(asks).data;
  const logins = useLogins(asks).data;
  const working = keys?.items.filter((key) => !key.revoked_at && !(Date.parse(key.expires_at ?? "") < now())).length;
  return (
    <Node
      name="access"
      icon="key"
      label="access"
      one={
        asks
          ? working === undefined
            ? "…"
            : words.live.keys(working, Boolean(keys?.next_cursor))
          : words.live.asksNobody
      }
      two={logins ? words.live.logins(logins.items.length) : ""}
      status={state?.status}
      breakers={state?.breakers}
      chosen={chosen}
    />
  );
}

interface NodeProps {
  name: string;
  icon: IconName;
  label: string;
  one: string;
  two: string;
  status?: string | undefined;
  /** The calls of this service that are held back. */
  breakers?: Breaker[] | undefined;
  chosen: string | null;
}

function Node({ name, icon, label, one, two, status, breakers, chosen }: NodeProps) {
  const held = breakers?.[0];
  return (
    <a
      class={`node ${name} ${chosen === name ? "on" : ""}`}
      href={withQuery({ service: name }, "/live")}
      data-service={name}
    >
      <span class="nh">
        <Icon name={icon} />
        <b>{label}</b>
        {status &&
          (status === "ok" ? (
            <Icon name="ready" class="s ok" />
          ) : (
            <Icon name={status === "down" ? "failed" : "person"} class={`s ${status === "down" ? "fail" : "warn"}`} />
          ))}
      </span>
      <span class="l1">{one}</span>
      {held ? (
        <span class="l2 held">
          <Icon name={held.state === "open" ? "person" : "running"} />
          {words.live.breakerShort(held.dependency, Math.ceil(held.next_try_s))}
        </span>
      ) : (
        <span class="l2">{two}</span>
      )}
    </a>
  );
}

/** `known` undefined: nobody said what waits. */
function Queue({ at, queues: known }: { at: number; queues: Snapshot["queues"] | undefined }) {
  const queues = known ?? [];
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting + queue.leased, 0);
  const hot = queues.some((queue) => queue.oldest_s > BEHIND_S);
  const filled = Math.min(GRAINS, waiting);
  return (
    <div class={`queue q${at} ${hot ? "hot" : ""}`}>
      <svg viewBox="0 0 84 20" aria-hidden="true">
        {Array.from({ length: GRAINS }, (_, grain) => (
          <rect
            key={grain}
            class={grain < filled ? "g" : "z"}
            x={3 + (grain % 10) * 8}
            y={grain < 10 ? 3 : 11}
            width="6"
            height="6"
            rx="1"
          />
        ))}
      </svg>
      <span class="qd">{known && words.live.waiting(waiting)}</span>
    </div>
  );
}

interface Moving {
  id: number;
  path: keyof typeof PATHS;
  delay: number;
}

/** Each new event sends dots along its lines; with reduced motion the line lights up instead (CSS). */
function Dots({ events }: { events: Happened[] }) {
  const [dots, setDots] = useState<Moving[]>([]);
  const seen = useRef("");
  const next = useRef(0);
  const newest = events[0]?.event;
  useEffect(() => {
    if (!newest || newest.id === seen.current) return;
    seen.current = newest.id;
    const route = ROUTES[newest.type] ?? ["notification"];
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still) return;
    const lead = route.findIndex((path) => (CONSUMERS as readonly string[]).includes(path));
    const made = route.map((path, at) => ({
      id: (next.current += 1),
      path,
      delay: Math.min(at, Math.max(lead, 0)) * HOP_MS,
    }));
    setDots((before) => [...before, ...made].slice(-DOTS_MOST));
    const last = made.at(-1)!;
    setTimeout(
      () => setDots((before) => before.filter((dot) => dot.id > last.id || dot.id <= last.id - made.length)),
      last.delay + HOP_MS,
    );
  }, [newest]);
  return (
    <>
      {dots.map((dot) => (
        <Dot key={dot.id} dot={dot} />
      ))}
    </>
  );
}

function Dot({ dot }: { dot: Moving }) {
  const circle = useRef<SVGCircleElement>(null);
  useEffect(() => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", PATHS[dot.path]);
    const length = path.getTotalLength();
    const began = performance.now() + dot.delay;
    let frame = 0;
    const step = (now: number) => {
      const share = Math.min(1, (now - began) / HOP_MS);
      if (share >= 0) {
        const point = path.getPointAtLength(length * share);
        circle.current?.setAttribute("cx", String(point.x));
        circle.current?.setAttribute("cy", String(point.y));
      }
      if (share < 1) frame = requestAnimationFrame(step);
      else circle.current?.setAttribute("r", "0");
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, []);
  return <circle ref={circle} class={RETURNING.has(dot.path) ? "dot p" : "dot"} r="4" cx="-10" cy="-10" />;
}
