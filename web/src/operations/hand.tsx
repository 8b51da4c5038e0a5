/** Failures by their cause, those that hurt most first, each with the one button that helps; and events that were parked. */
import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { address, call, get, Problem } from "../api/client";
import { queries, useGroups, useReadsFiles } from "../api/queries";
import type { Analytics, BulkResult, JobGroup, JobLanes, JobPage, ParkedPage } from "../api/shapes";
import { Button, Empty, Part } from "../parts/bits";
import { now } from "../parts/clock";
import { count, duration, exactly, when } from "../parts/format";
import { Icon } from "../parts/icons";
import { say, sayProblem } from "../parts/messages";
import { visible } from "../parts/names";
import { session } from "../session";
import { useStore } from "../store";
import { words } from "../words";
import { FileName } from "./file_name";

type Group = JobGroup & { service: "processing" | "ai" };
const SERVICES = ["upload", "metadata", "processing", "ai", "notifications", "access"] as const;
const FILES_SHOWN = 8;

export function Hand() {
  const reads = useReadsFiles();
  const groups = useGroups();
  const parked = useParked();
  if (!reads)
    return (
      <>
        <div class="figs four">
          <ParkedFigure parked={parked.data?.length ?? 0} />
        </div>
        {parked.data?.length === 0 && (
          <Empty icon="ready" title={words.ops.eventsNone}>
            <p>{words.noFiles.hand}</p>
          </Empty>
        )}
        <Parked asked={parked} />
      </>
    );
  return (
    <>
      <Figures hand={groups.data ?? []} parked={parked.data?.length ?? 0} />
      <Part asked={groups}>
        {(all) =>
          all.length ? (
            <ul class="grps">
              {all.map((group) => (
                <Cause key={`${group.service}-${group.code}`} group={group} />
              ))}
            </ul>
          ) : (
            <Empty icon="ready" title={words.ops.well}>
              <p>{words.ops.wellText}</p>
            </Empty>
          )
        }
      </Part>
      <Parked asked={parked} />
    </>
  );
}

function Figures({ hand, parked }: { hand: Group[]; parked: number }) {
  const lanes = useQuery({
    queryKey: ["lanes"],
    queryFn: async ({ signal }) => {
      const both = await Promise.all(
        ["processing", "ai"].map((service) => get<JobLanes>(`/api/${service}/jobs/lanes`, signal)),
      );
      return {
        interactive: both.reduce((sum, one) => sum + one.interactive, 0),
        bulk: both.reduce((sum, one) => sum + one.bulk, 0),
      };
    },
    refetchInterval: 5_000,
  }).data;
  const today = useQuery({
    queryKey: ["analytics", "today"],
    queryFn: ({ signal }) => {
      const day = `${new Date(now()).toISOString().slice(0, 10)}T00:00:00Z`;
      return get<Analytics>(address("/api/metadata/analytics", { from: day, to: day }), signal);
    },
  }).data;
  const stuck = hand.reduce((sum, group) => sum + group.count, 0);
  const said = words.ops.figures;
  const open = (lanes?.interactive ?? 0) + (lanes?.bulk ?? 0);
  const p50 = today?.processing_ms.p50;
  return (
    <div class="figs four">
      <Figure value={stuck} label={said.hand} small={stuck ? said.causes(hand.length) : said.none} hot={stuck > 0} />
      <Figure value={open} label={said.waiting} small={said.interactive(lanes?.interactive ?? 0)} />
      <Figure value={today?.by_status.processed ?? 0} label={said.done} small={p50 ? said.p50(duration(p50)) : ""} />
      <ParkedFigure parked={parked} />
    </div>
  );
}

const ParkedFigure = ({ parked }: { parked: number }) => (
  <Figure value={parked} label={words.ops.figures.parked} small={words.ops.figures.parkedText} hot={parked > 0} />
);

function Figure({ value, label, small, hot = false }: { value: number; label: string; small: string; hot?: boolean }) {
  return (
    <div class={hot ? "fig hot" : "fig"}>
      <p class="v">{count(value)}</p>
      <p class="l">{label}</p>
      <p class="s">{small}</p>
    </div>
  );
}

function Cause({ group }: { group: Group }) {
  const [open, setOpen] = useState(false);
  const title =
    words.codes[group.code] ?? group.code.replaceAll("-", " ").replace(/^./, (letter) => letter.toUpperCase());
  const filter = { code: group.code };
  const retry = async () => {
    try {
      const done = await call<BulkResult>("POST", `/api/${group.service}/jobs/retry`, {
        body: { filter, dry_run: false },
      });
      say(words.ops.retried(done.retried));
      await queries.invalidateQueries({ queryKey: ["groups"] });
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <li class={open ? "grp open" : "grp"} data-cause={group.code}>
      <div class="gh">
        <button
          type="button"
          class="tog"
          aria-expanded={open}
          aria-label={words.ops.filesOf(title)}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "down" : "forward"} />
        </button>
        <Icon name={group.retryable ? "parked" : "person"} class="gi warn" />
        <div class="gt">
          <h2>{title}</h2>
          <p>
            {visible(group.detail)} {!group.retryable && words.ops.retryNever}
          </p>
        </div>
        <Hours hourly={group.hourly} />
        <p class="gn">
          <b>{count(group.count)}</b>
          <span>{words.ops.filesWord(group.count)}</span>
        </p>
        <p class="gw" title={exactly(group.since)}>
          {words.ops.since(when(group.since))}
        </p>
        <div class="ga">
          {group.retryable && (
            <Button icon="retry" onClick={() => void retry()}>
              {words.ops.retry(group.count)}
            </Button>
          )}
        </div>
      </div>
      {open && <Files group={group} />}
    </li>
  );
}

/** 24 bars, one an hour, the last one now. */
function Hours({ hourly }: { hourly: number[] }) {
  const most = Math.max(1, ...hourly);
  return (
    <svg class="sbar warn" viewBox="0 0 96 20" width="96" height="20" role="img" aria-label={words.ops.hours}>
      {hourly.map((failures, hour) => {
        const height = failures ? Math.max(2, (failures / most) * 20) : 1;
        return <rect key={hour} x={hour * 4} y={20 - height} width="3" height={height} />;
      })}
    </svg>
  );
}

function Files({ group }: { group: Group }) {
  const asked = useQuery({
    queryKey: ["jobs", group.service, "cause", group.code],
    queryFn: async ({ signal }) => {
      const states = await Promise.all(
        ["failed", "parked"].map((state) =>
          get<JobPage>(address(`/api/${group.service}/jobs`, { state, cause: group.code, limit: FILES_SHOWN }), signal),
        ),
      );
      return states.flatMap((page) => page.items).slice(0, FILES_SHOWN);
    },
  });
  return (
    <div class="gb">
      <Part asked={asked} rows={2}>
        {(jobs) => (
          <>
            <ul class="plainlist">
              {jobs.map((job) => (
                <li key={job.job_id}>
                  <FileName id={job.file_id} />
                  <span class="m" title={exactly(job.created_at)}>
                    {words.ops.states[job.state]}, {job.attempts} {words.ops.job.tries.toLowerCase()},{" "}
                    {when(job.finished_at ?? job.created_at)}
                  </span>
                </li>
              ))}
            </ul>
            {group.count > jobs.length && (
              <p class="m more">
                <a href={`/operations/jobs?service=${group.service}&cause=${encodeURIComponent(group.code)}`}>
                  {words.ops.job.more}
                </a>
              </p>
            )}
          </>
        )}
      </Part>
    </div>
  );
}

/** Events that a service could not take after five tries; only administrators may see them. */
function useParked() {
  const admin = useStore(session).who?.is_admin ?? false;
  return useQuery({
    queryKey: ["parked"],
    enabled: admin,
    queryFn: async ({ signal }) => {
      const all = await Promise.all(
        SERVICES.map(async (service) => {
          const page = await get<ParkedPage>(`/api/${service}/parked?limit=100`, signal).catch((error: unknown) => {
            if (error instanceof Problem && error.status !== 401) return { items: [] }; // one that is away hides its own only
            throw error;
          });
          return page.items.map((message) => ({ ...message, service }));
        }),
      );
      return all.flat();
    },
  });
}

function Parked({ asked }: { asked: ReturnType<typeof useParked> }) {
  if (!asked.data?.length) return null;
  const retry = async (service: string, id: string) => {
    try {
      await call("POST", `/api/${service}/parked/${id}/retry`);
      await queries.invalidateQueries({ queryKey: ["parked"] });
    } catch (error) {
      sayProblem(error);
    }
  };
  const said = words.ops.parked;
  return (
    <section class="block">
      <h2>{words.ops.events}</h2>
      <div class="tw" tabIndex={0} role="group">
        <table>
          <thead>
            <tr>
              <th scope="col">{said.type}</th>
              <th scope="col">{said.queue}</th>
              <th scope="col">{said.reason}</th>
              <th scope="col">{said.at}</th>
              <th scope="col">
                <span class="vh">{said.retry}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {asked.data.map((message) => (
              <tr key={message.id}>
                <td>
                  <code>{message.type}</code>
                </td>
                <td>
                  <code>{message.queue}</code>
                </td>
                <td class="wrap">{visible(message.reason)}</td>
                <td class="m">{when(message.parked_at)}</td>
                <td class="num">
                  <Button icon="retry" class="small" onClick={() => void retry(message.service, message.id)}>
                    {said.retry}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
