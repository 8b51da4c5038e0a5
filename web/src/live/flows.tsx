/** The lines between the services, and the events that move along them. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Happened } from "./live";

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
export const CONSUMERS = ["metadata", "processing", "ai", "notification"] as const;
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

export function Flows({ events }: { events: Happened[] }) {
  return (
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
