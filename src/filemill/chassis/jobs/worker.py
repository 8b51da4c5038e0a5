"""The worker: claims jobs, runs each with a heartbeat and a deadline, and records how it ended.

What a job does is a `Runner` of the service: it works outside any transaction and returns a `Done` or raises `JobFailed`.
Its effects are written by the service in the same transaction that ends the job, guarded by the fence.
Anything else that is raised, a deadline, or a dead worker counts as a failed try that a retry may heal; the fifth parks it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from filemill.chassis import process_identity
from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.doorbell import Doorbell
from filemill.chassis.errors import Unavailable
from filemill.chassis.jobs.ledger import Ledger, end_failed
from filemill.chassis.jobs.queue import LEASE_S, JobQueue
from filemill.chassis.jobs.recovery import Recovery
from filemill.chassis.jobs.table import BULK, INTERACTIVE, ClaimedJob, Verdict
from filemill.chassis.telemetry import metrics, request_context, spans, tracing

IDLE_S = 2.0
HEARTBEAT_S = 0.5
"""Also how soon a cancel is noticed that was not rung for: asked of another machine, or given to a worker of Celery."""

_log = structlog.get_logger()


class JobFailed(Exception):
    """A try failed for a known reason. Not retryable: the file is to blame, and trying again is useless."""

    def __init__(self, verdict: Verdict, facts: Any = None) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict
        self.facts = facts


class JobPutOff(Exception):
    """The runner put the job back by `JobQueue.put_off`: it waits for something, and this was no try."""


@dataclass(slots=True)
class Progress:
    """Where a running job is; shown by the API at the next heartbeat."""

    latest: dict[str, Any] | None = None

    def note(self, **facts: Any) -> None:
        """Say where the work is."""
        self.latest = facts


Runner = Callable[[ClaimedJob, Progress], Awaitable[Any]]


def _described(job: ClaimedJob) -> dict[str, str | int | float]:
    """A try of it, for its span."""
    return {
        "filemill.job.kind": job.kind,
        "filemill.job.id": job.job_id,
        "filemill.file.id": job.file_id,
        "filemill.attempt": job.attempts,
        "filemill.lane": job.lane,
        "filemill.waited_ms": round((now() - job.created_at).total_seconds() * 1000, 2),
    }


async def _stop(work: "asyncio.Future[Any]") -> None:
    """Return when the work has stopped, so that the next try never overlaps this one."""
    if not work.done():
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@dataclass(slots=True)
class Worker:
    """Runs up to `concurrency` jobs of one service at a time; with several slots, one is never given to a bulk job."""

    database: Database
    queue: JobQueue
    ledger: Ledger
    runner: Runner
    doorbell: Callable[[], Doorbell]
    concurrency: int
    kind: str
    _running: dict["asyncio.Task[None]", str] = field(default_factory=dict)
    """The jobs in hand, with their lanes."""
    _cancelled: dict[str, asyncio.Event] = field(default_factory=dict)
    """Of each job in hand, by its id: set when somebody asked for its end."""

    async def run(self) -> None:
        """Work for ever; on cancellation the running jobs are stopped and given back."""
        doorbell = self.doorbell()
        recovery = Recovery(self.database, self.queue, self.ledger, self.kind)
        looked_s = 0.0
        try:
            while True:
                if time.monotonic() - looked_s > IDLE_S:
                    looked_s = time.monotonic()
                    await recovery.recover()
                while len(self._running) < self.concurrency and (job := await self._claim_if_any()):
                    task = asyncio.create_task(self._work(job))
                    self._running[task] = job.lane
                    task.add_done_callback(self._running.pop)
                    task.add_done_callback(lambda _done: doorbell.ring())
                if await doorbell.wait(IDLE_S):
                    await self._hear_cancels()
        finally:
            for task in list(self._running):
                task.cancel()
            await asyncio.gather(*list(self._running), return_exceptions=True)
            doorbell.close()

    async def run_one(self, lane: str | None = None) -> bool:
        """Claim one job (of this lane) and see it to its end; False if there was none. Cancelled, it is given back.

        For callers who were told of a job: it claims without looking first.
        """
        job = await self._claim(lane)
        if job is None:
            return False
        await self._work(job)
        return True

    async def _claim_if_any(self) -> ClaimedJob | None:
        """Looking is cheaper than a claim that finds nothing, and a worker looks every `IDLE_S`."""
        if not (await self.database.read(self.queue.counts)).get("queued"):
            return None
        in_bulk = sum(lane == BULK for lane in self._running.values())
        # A new upload must not wait for a long re-run to end.
        return await self._claim(INTERACTIVE if in_bulk and in_bulk >= self.concurrency - 1 > 0 else None)

    async def _hear_cancels(self) -> None:
        """Who rang may have cancelled a job in hand: its watch need not wait for the next heartbeat."""
        if self._cancelled:
            for job_id in await self.database.read(self.queue.cancel_asked, list(self._cancelled)):
                if job_id in self._cancelled:
                    self._cancelled[job_id].set()

    async def _claim(self, lane: str | None = None) -> ClaimedJob | None:
        def claim(tx: Tx) -> ClaimedJob | None:
            job = self.queue.claim(tx, process_identity.me(), lane)
            if job is not None:
                with request_context.within(request_context.begin(job.request_id, job.traceparent)):
                    self.ledger.started(tx, job)
            return job

        # Durable, because others hear of it: `started` would otherwise be told of a try that a power cut undoes.
        return await self.database.write("jobs.claim", claim)

    async def _work(self, job: ClaimedJob) -> None:
        began_s = time.monotonic()
        with request_context.within(request_context.begin(job.request_id, job.traceparent)):
            with tracing.span(spans.JOB, _described(job)) as span:
                try:
                    ended = await self._try(job)
                    span.note({"filemill.outcome": ended})
                except asyncio.CancelledError:
                    verdict = Verdict("worker-stopped", "The worker was asked to stop; another try follows.", True)
                    await self.database.write_unsynced("jobs.give-back", self.queue.give_back, job, verdict)
                    raise
            duration_s = time.monotonic() - began_s
            metrics.JOBS.labels(kind=self.kind, outcome=ended).inc()
            metrics.JOB_SECONDS.labels(kind=self.kind).observe(duration_s, tracing.exemplar())
            _log.info(
                f"{self.kind}.job.ended",
                job_id=job.job_id,
                file_id=job.file_id,
                attempt=job.attempts,
                outcome=ended,
                duration_ms=round(duration_s * 1000, 1),
            )

    async def _try(self, job: ClaimedJob) -> str:
        progress = Progress()
        work = asyncio.ensure_future(self.runner(job, progress))
        try:
            stopped = await self._watch(job, work, progress)
            if stopped is not None:
                return stopped
            crash_point("jobs.worked")
            return await self.database.write("jobs.done", self._end_done, job, work.result())
        except JobFailed as failure:
            return await self._failed(job, failure.verdict, failure.facts)
        except JobPutOff:
            return "put-off"
        except TimeoutError:
            detail = f"It was not done after {job.deadline_s:g} s."
            return await self._failed(job, Verdict("deadline", detail, retryable=True), None)
        except Unavailable as error:
            return await self._failed(job, Verdict(error.code, error.detail, retryable=True), None)
        except Exception as error:  # noqa: BLE001 - a try that ends in an unknown way is a failed try; it is logged and kept
            _log.exception(f"{self.kind}.job.broke", job_id=job.job_id, file_id=job.file_id)
            detail = f"An unexpected fault: {type(error).__name__}."
            return await self._failed(job, Verdict("internal-error", detail, retryable=True), None)
        finally:
            await _stop(work)

    async def _watch(self, job: ClaimedJob, work: "asyncio.Future[Any]", progress: Progress) -> str | None:
        """Wait for the work with a heartbeat. Returns an outcome if it must not be finished, else None."""
        cancelled = self._cancelled[job.job_id] = asyncio.Event()
        hearing = asyncio.create_task(cancelled.wait())
        try:
            return await self._beat(job, work, progress, hearing)
        finally:
            hearing.cancel()
            self._cancelled.pop(job.job_id)

    async def _beat(
        self, job: ClaimedJob, work: "asyncio.Future[Any]", progress: Progress, hearing: "asyncio.Task[bool]"
    ) -> str | None:
        deadline_s = time.monotonic() + job.deadline_s
        beat_s, told = time.monotonic(), None
        while True:
            await asyncio.wait({work, hearing}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return None
            if time.monotonic() > deadline_s:
                await _stop(work)
                raise TimeoutError
            asked = await self.database.read(self._is_open, job)
            if asked and progress.latest == told and time.monotonic() - beat_s < LEASE_S / 3:
                continue
            beat_s, told = time.monotonic(), progress.latest
            if not await self.database.write_unsynced("jobs.heartbeat", self.queue.heartbeat, job, progress.latest):
                await _stop(work)
                return await self.database.write("jobs.stop", self._end_cancelled, job)

    def _is_open(self, tx: Tx, job: ClaimedJob) -> bool:
        row = self.queue.get(tx, job.owner_id, job.job_id)
        return row is not None and row["fence"] == job.fence and row["state"] == "running" and not row["cancel_asked"]

    def _end_done(self, tx: Tx, job: ClaimedJob, outcome: Any) -> str:
        hold(tx, job.file_id)
        if not self.queue.finish(tx, job, "done"):
            return "overtaken"
        self.ledger.done(tx, job, outcome)
        return "done"

    def _end_cancelled(self, tx: Tx, job: ClaimedJob) -> str:
        hold(tx, job.file_id)
        if not self.queue.finish(tx, job, "cancelled"):
            return "overtaken"
        self.ledger.cancelled(tx, job)
        return "cancelled"

    async def _failed(self, job: ClaimedJob, verdict: Verdict, facts: Any) -> str:
        return await self.database.write("jobs.failed", end_failed, self.queue, self.ledger, job, verdict, facts)
