/** The story of a file: a sentence first, then every hop with its bar, live while it runs. */
import { useEffect, useState } from "preact/hooks";
import { useTimeline } from "../api/queries";
import type { Timeline } from "../api/shapes";
import { Button, Part } from "../parts/bits";
import { now as atServer } from "../parts/clock";
import { duration, moment } from "../parts/format";
import { Icon, type IconName } from "../parts/icons";
import { say } from "../parts/messages";
import { words } from "../words";
import { hopsOf, scaleOf, type Fold, type Hop, type Scale } from "./hops";

const SERVICE_ICONS: Record<string, IconName> = {
  gateway: "gateway",
  upload: "server",
  metadata: "database",
  processing: "processing",
  ai: "ai",
  notification: "bell",
};
const BARS: Record<Hop["kind"], string> = {
  work: "work",
  model: "model",
  wait: "waitb",
  fail: "failb",
  none: "none",
  move: "move",
};
const TICK_MS = 500;
/** From this share of the width on the axis says how long the whole took. */
const TOTAL_FROM = 90;
/** The least share of the width between two things that the axis says. */
const SAID_APART = 14;

export function Story({ id }: { id: string }) {
  return (
    <section class="storyp" aria-label={words.story.title}>
      <Part asked={useTimeline(id)}>{(story) => <Told story={story} />}</Part>
    </section>
  );
}

function Told({ story }: { story: Timeline }) {
  const running =
    !["failed", "quarantined"].includes(story.status) && (story.status !== "processed" || story.analysis === "pending");
  const [now, setNow] = useState(atServer());
  const [folded, setFolded] = useState(true);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(atServer()), TICK_MS);
    return () => clearInterval(timer);
  }, [running]);
  const hops = hopsOf(story.items, now, running);
  const scale = scaleOf(hops, folded);
  const request = story.items.find((entry) => entry.request_id)?.request_id;
  const copy = () => void navigator.clipboard?.writeText(request ?? "").then(() => say(words.copied));
  return (
    <>
      <header>
        <h2>{words.story.title}</h2>
        <p data-why>
          {!running && story.status !== "quarantined" && (
            <b>
              {(story.status === "failed" ? words.state.failedAfter : words.state.readyIn)(duration(firstRun(hops)))}
              .{" "}
            </b>
          )}
          {story.why}
        </p>
        <div class="sa">
          {(scale.folds.length > 0 || !folded) && (
            <Button class="small" onClick={() => setFolded(!folded)}>
              {folded ? words.story.trueScale : words.story.fold}
            </Button>
          )}
          {request && (
            <Button icon="copy" class="small ghost" onClick={copy}>
              {words.story.copyId}
            </Button>
          )}
        </div>
      </header>
      <ol class="story" tabIndex={0} aria-label={words.story.title}>
        <Axis scale={scale} />
        {hops.map((hop, at) => (
          <Row key={`${hop.service}-${hop.step}-${at}`} hop={hop} scale={scale} />
        ))}
      </ol>
    </>
  );
}

/** Until everything that the upload set off was done; a later change or delete is no part of getting ready. */
function firstRun(hops: Hop[]): number {
  return Math.max(0, ...hops.filter((hop) => ["processing", "ai"].includes(hop.service)).map((hop) => hop.end));
}

function Axis({ scale }: { scale: Scale }) {
  return (
    <li class="sr axis" aria-hidden="true">
      <span class="sl lgd">
        {Object.entries(words.story.legend).map(([kind, said]) => (
          <span key={kind}>
            <i class={`l-${kind}`} />
            {said}
          </span>
        ))}
      </span>
      <svg class="sb" width="100%" height="18">
        <text x="0%" y="12">
          0
        </text>
        {spokenFolds(scale).map(({ fold, at, ends }) => (
          <text key={fold.from} x={`${at}%`} y="12" text-anchor={ends ? "end" : "middle"}>
            {words.story.folded(duration(fold.to - fold.from))}
          </text>
        ))}
        <text x="100%" y="12" text-anchor="end">
          {duration(scale.total)}
        </text>
      </svg>
      <span class="sd" />
    </li>
  );
}

/** Where the axis says how long a fold is; of two that lie side by side only the longer one is said. */
function spokenFolds(scale: Scale) {
  const said: { fold: Fold; at: number; ends: boolean }[] = [];
  for (const fold of scale.folds) {
    const [from, to] = [scale.x(fold.from), scale.x(fold.to)];
    // At the right end the whole length is written: there it stands before the fold.
    const ends = to > TOTAL_FROM;
    const at = ends ? from - 1 : (from + to) / 2;
    const before = said.at(-1);
    if (before && at - before.at < SAID_APART) {
      if (fold.to - fold.from <= before.fold.to - before.fold.from) continue;
      said.pop();
    }
    said.push({ fold, at, ends });
  }
  return said;
}

function Row({ hop, scale }: { hop: Hop; scale: Scale }) {
  const [open, setOpen] = useState(false);
  const label =
    hop.kind === "wait"
      ? words.story.waitingFor(hop.service)
      : (words.story.hops[hop.step] ?? hop.step.replaceAll("_", " "));
  const [x, end] = [scale.x(hop.start), scale.x(hop.end)];
  const took =
    hop.kind === "none"
      ? words.story.skipped
      : hop.open
        ? words.story.live
        : hop.end > hop.start
          ? duration(hop.end - hop.start)
          : "";
  const detail = hop.entry.detail as { model?: string; model_version?: string };
  return (
    <li class={hop.kind === "wait" ? "hop w" : hop.kind === "none" ? "hop n" : "hop"}>
      <button
        type="button"
        class={`sr ${hop.kind === "wait" ? "w" : ""} ${hop.kind === "none" ? "n" : ""}`}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span class="sl">
          <Icon name={hop.kind === "wait" ? "waiting" : (SERVICE_ICONS[hop.service] ?? "server")} />
          <span class="svc">{hop.service}</span>
          <span class="lab">
            {label}
            {(hop.attempt ?? 1) > 1 && `, ${words.story.attempt(hop.attempt!)}`}
          </span>
        </span>
        <svg class="sb" width="100%" height="20" aria-hidden="true">
          {scale.folds.map((fold) => (
            <rect
              key={fold.from}
              class="foldz"
              x={`${scale.x(fold.from)}%`}
              width={`${scale.x(fold.to) - scale.x(fold.from)}%`}
              y="0"
              height="20"
            />
          ))}
          <rect
            class={BARS[hop.kind]}
            x={`${Math.min(x, 99.6)}%`}
            width={`${Math.max(end - x, 0.4)}%`}
            y="5"
            height="10"
            rx="2"
          />
        </svg>
        <span class="sd">{took}</span>
      </button>
      {open && (
        <p class="more m">
          {hop.reason && <b>{hop.reason.detail} </b>}
          {moment(hop.entry.at)}, {hop.entry.state}
          {detail.model && `, ${detail.model} ${detail.model_version ?? ""}`}
          {hop.entry.request_id && (
            <>
              , {words.problem.requestId} <code>{hop.entry.request_id}</code>
            </>
          )}
        </p>
      )}
    </li>
  );
}
