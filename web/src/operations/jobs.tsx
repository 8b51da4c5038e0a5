/** Every job of processing and ai, by state and cause; cancel what runs, retry what failed. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import { go, usePlace, withQuery } from "../address";
import { address, call, get } from "../api/client";
import { queries } from "../api/queries";
import type { Job, JobPage } from "../api/shapes";
import { Button, Empty, Loading, ProblemNote } from "../parts/bits";
import { exactly, moment } from "../parts/format";
import { sayProblem } from "../parts/messages";
import { visible } from "../parts/names";
import { words } from "../words";
import { FileName } from "./file_name";

const STATES = ["", "queued", "running", "failed", "parked", "done", "cancelled"];
const TONES: Record<string, string> = { queued: "wait", running: "run", failed: "fail", parked: "warn", done: "ok" };
const LOOK_MS = 5_000;

export function Jobs() {
  const { query } = usePlace();
  const service = query.get("service") === "ai" ? "ai" : "processing";
  const state = query.get("state") ?? "";
  const cause = query.get("cause") ?? "";
  const asked = useInfiniteQuery({
    queryKey: ["jobs", service, state, cause],
    queryFn: ({ pageParam, signal }) =>
      get<JobPage>(address(`/api/${service}/jobs`, { state, cause, limit: 50, cursor: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: LOOK_MS,
  });
  const jobs = asked.data?.pages.flatMap((page) => page.items) ?? [];
  const said = words.ops.job;
  return (
    <>
      <div class="flts">
        {(["processing", "ai"] as const).map((name) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={service === name}
            onClick={() => go(withQuery({ service: name }), true)}
          >
            {name}
          </button>
        ))}
        {STATES.map((name) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={state === name}
            onClick={() => go(withQuery({ state: name }), true)}
          >
            {name ? words.ops.states[name] : said.all}
          </button>
        ))}
        {cause && (
          <button type="button" class="flt on" onClick={() => go(withQuery({ cause: null }), true)}>
            {said.reason}: <b>{cause}</b>
          </button>
        )}
      </div>
      {asked.error && !asked.data && <ProblemNote error={asked.error} retry={() => void asked.refetch()} />}
      {asked.isPending && <Loading />}
      {asked.data && !jobs.length && <Empty icon="ready" title={said.none} />}
      {jobs.length > 0 && (
        <div class="tw" tabIndex={0} role="group">
          <table>
            <thead>
              <tr>
                <th scope="col">{said.file}</th>
                <th scope="col">{said.state}</th>
                <th scope="col" class="num desk">
                  {said.tries}
                </th>
                <th scope="col">{said.reason}</th>
                <th scope="col">{said.started}</th>
                <th scope="col">
                  <span class="vh">{said.act}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <Row key={job.job_id} job={job} service={service} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {asked.hasNextPage && <Button onClick={() => void asked.fetchNextPage()}>{said.more}</Button>}
    </>
  );
}

function Row({ job, service }: { job: Job; service: string }) {
  const act = async (deed: "retry" | "cancel") => {
    try {
      await call("POST", `/api/${service}/jobs/${job.job_id}/${deed}`);
      await queries.invalidateQueries({ queryKey: ["jobs", service] });
    } catch (error) {
      sayProblem(error);
    }
  };
  const open = job.state === "queued" || job.state === "running";
  const again = (job.state === "failed" || job.state === "parked") && job.reason?.retryable !== false;
  return (
    <tr data-job={job.job_id}>
      <td class="fn">
        <FileName id={job.file_id} />
      </td>
      <td>
        <span class={`st ${TONES[job.state] ?? "off"}`}>
          <span>{words.ops.states[job.state] ?? job.state}</span>
        </span>
      </td>
      <td class="num m desk">{job.attempts}</td>
      <td class="wrap m">{job.reason ? visible(job.reason.detail) : ""}</td>
      <td class="m" title={exactly(job.created_at)}>
        {moment(job.created_at)}
      </td>
      <td class="num">
        {open && (
          <Button class="small" onClick={() => void act("cancel")}>
            {words.ops.job.cancel}
          </Button>
        )}
        {again && (
          <Button class="small" icon="retry" onClick={() => void act("retry")}>
            {words.ops.job.retry}
          </Button>
        )}
      </td>
    </tr>
  );
}
