/** The map: every service at its fixed place, its queue before it, events moving along the lines. */
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
import { CONSUMERS, Flows } from "./flows";
import { BEHIND_S, type Happened } from "./live";

const GRAINS = 20;
const ICONS: Record<string, IconName> = {
  metadata: "database",
  processing: "processing",
  ai: "ai",
  notification: "bell",
};

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
      <Flows events={events} />
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
