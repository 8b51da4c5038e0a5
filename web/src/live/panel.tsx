/** One service: how it is, what waits before it, what it leans on, and what can be done. */
import { useQuery } from "@tanstack/preact-query";
import { FileName } from "../operations/file_name";
import { call, get } from "../api/client";
import { BASES, queries, useModels, useReadsFiles, useRunning, useStats } from "../api/queries";
import type { Job, JobLanes, ParkedPage, Snapshot, WholeHealth } from "../api/shapes";
import { Button, SignButton } from "../parts/bits";
import { now } from "../parts/clock";
import { count, duration, size } from "../parts/format";
import { Icon, type IconName } from "../parts/icons";
import { say, sayProblem } from "../parts/messages";
import { words } from "../words";

interface PanelProps {
  service: string;
  snapshot: Snapshot | undefined;
  health: WholeHealth | undefined;
  onClose: () => void;
}

const TONES: Record<string, [string, IconName]> = {
  ok: ["ok", "ready"],
  degraded: ["warn", "person"],
  down: ["fail", "failed"],
};
export function Panel({ service, snapshot, health, onClose }: PanelProps) {
  const state = health?.services?.[service];
  const queues = (snapshot?.queues ?? []).filter((queue) => queue.queue.startsWith(`${service}.`));
  const waiting = queues.reduce((sum, queue) => sum + queue.waiting + queue.leased, 0);
  const oldest = Math.max(0, ...queues.map((queue) => queue.oldest_s));
  const parked = queues.reduce((sum, queue) => sum + queue.parked, 0);
  const [tone, icon] = TONES[state?.status ?? "ok"] ?? TONES.ok!;
  const base = BASES[service]; // the others are no services
  return (
    <aside class="side" aria-label={service}>
      <header>
        <h2>{service}</h2>
        <div class="sp" />
        <SignButton icon="close" name={words.close} onClick={onClose} />
      </header>
      <div class="sbody">
        <p class="lead">
          <Icon name={icon} class={tone} />
          <span>
            <b>{state && state.status !== "ok" ? words.live.down(service) : words.live.ok}</b>{" "}
            {words.live.does[service]} {waiting ? words.live.waitingText(waiting, duration(oldest * 1000)) : ""}
          </span>
        </p>
        {parked > 0 && base && <Parked base={base} parked={parked} />}
        {(service === "processing" || service === "ai") && <Jobs service={service} workers={state?.workers ?? null} />}
        {service === "store" && <Store />}
        {queues.length > 0 && (
          <>
            <h3>{words.live.queues}</h3>
            <ul class="deps">
              {queues.map((queue) => (
                <li key={queue.queue}>
                  <code>{queue.queue}</code>
                  <span>
                    {words.live.waiting(queue.waiting + queue.leased)}
                    {queue.parked > 0 && `, ${words.live.parkedHere(queue.parked)}`}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
        {(state?.breakers ?? []).length > 0 && (
          <>
            <h3>{words.live.breakers}</h3>
            <ul class="deps">
              {state!.breakers.map((one) => (
                <li key={one.dependency}>
                  <span class="st warn">
                    <Icon name={one.state === "open" ? "person" : "running"} />
                    <span>{words.live.breakerTo(service, one.dependency)}</span>
                  </span>
                  <span class="detail">
                    {one.state === "open" && one.next_try_s > 0
                      ? words.live.breakerOpen(Math.ceil(one.next_try_s))
                      : words.live.breakerTrying}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
        {state && Object.keys(state.dependencies ?? {}).length > 0 && (
          <>
            <h3>{words.live.leans}</h3>
            <ul class="deps">
              {Object.entries(state.dependencies).map(([name, one]) => {
                const [its, sign] = TONES[one.status] ?? TONES.ok!;
                return (
                  <li key={name}>
                    <span class={`st ${its}`}>
                      <Icon name={sign} />
                      <span>{name}</span>
                    </span>
                    <span class="detail">{one.detail}</span>
                  </li>
                );
              })}
            </ul>
          </>
        )}
        {base && (
          <p class="lnk">
            <a href={`${base}/health`} target="_blank" rel="noreferrer">
              {words.live.health}
            </a>
            <a href={`${base}/docs`} target="_blank" rel="noreferrer">
              {words.live.docs}
            </a>
          </p>
        )}
      </div>
    </aside>
  );
}

function Jobs({ service, workers }: { service: "processing" | "ai"; workers: number | null }) {
  const reads = useReadsFiles();
  const running = useRunning(service, 3_000).data?.items;
  const lanes = useQuery({
    queryKey: ["lanes", service],
    queryFn: ({ signal }) => get<JobLanes>(`/api/${service}/jobs/lanes`, signal),
    refetchInterval: 3_000,
    enabled: reads,
  }).data;
  const models = useModels().data;
  return (
    <>
      <h3>{words.live.atWork}</h3>
      {workers !== null && <p class="m">{workers ? words.live.workersText(workers) : words.live.noWorker}</p>}
      {running && running.length > 0 && (
        <ul class="deps">
          {running.map((job) => (
            <li key={job.job_id}>
              <FileName id={job.file_id} />
              <span class="detail m">{doing(job)}</span>
            </li>
          ))}
        </ul>
      )}
      {lanes && <p class="m">{words.live.lanes(lanes.interactive, lanes.bulk)}</p>}
      {reads && (
        <p class="acts">
          <a class="btn" href={`/operations/jobs?service=${service}`}>
            <Icon name="list" />
            <span>{words.ops.tabs.jobs}</span>
          </a>
        </p>
      )}
      {service === "ai" && models && (
        <p class="m">
          <a href="/operations/models">
            {words.live.models(
              models.items.filter((one) => ["ready", "loaded"].includes(one.state)).length,
              models.items.length,
            )}
          </a>
        </p>
      )}
    </>
  );
}

/** The step a job is at and for how long it has run. */
function doing(job: Job): string {
  const step = (job.progress as { step?: string } | null)?.step ?? "try";
  const since = job.started_at ? duration(Math.max(0, now() - Date.parse(job.started_at))) : "";
  return [words.steps[step] ?? step.replaceAll("_", " "), since].filter(Boolean).join(", ");
}

function Store() {
  const stats = useStats().data;
  return (
    <p class="m">
      {stats &&
        `${words.files(stats.files, count(stats.files))}, ${size(stats.bytes)}; ${size(stats.bytes_stored)} ${words.ops.storage.stored}. `}
      <a href="/operations/storage">{words.ops.tabs.storage}</a>
    </p>
  );
}

function Parked({ base, parked }: { base: string; parked: number }) {
  const retry = async () => {
    try {
      const page = await get<ParkedPage>(`${base}/parked?limit=500`);
      for (const message of page.items) await call("POST", `${base}/parked/${message.id}/retry`);
      say(words.ops.retried(page.items.length));
      await queries.invalidateQueries({ queryKey: ["snapshot"] });
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <div class="acts">
      <Button icon="retry" class="primary" onClick={() => void retry()}>
        {words.live.retryParked(parked)}
      </Button>
    </div>
  );
}
