"""The HTTP calls about jobs, the same for every service that has jobs."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import RowMapping

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import Conflict, NotFound
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import Id
from filemill.contracts.jobs import BulkResult, BulkRetry, Job, JobGroup, JobGroups, JobLanes, JobPage, JobState
from filemill.contracts.upload import Reason

ENDED = ("failed", "parked", "cancelled")
DURATION_GUESS_S = 1.0
"""What a job is assumed to take before any has finished."""


@dataclass(frozen=True, slots=True)
class JobEndpoints:
    """Handlers over one service's jobs. `wake` tells the workers that something is due."""

    database: Database
    queue: JobQueue
    wake: Callable[[], None]

    def router(self) -> APIRouter:
        """The routes; `/jobs/groups` and `/jobs/lanes` stand before `/jobs/{job_id}` so that they are not taken for ids."""
        router = APIRouter(tags=["jobs"])
        add = router.add_api_route
        add("/jobs", self.page, methods=["GET"], response_model=JobPage, summary="Jobs, newest first")
        add("/jobs/groups", self.groups, methods=["GET"], response_model=JobGroups, summary="Failures by cause")
        add("/jobs/lanes", self.lanes, methods=["GET"], response_model=JobLanes, summary="Open jobs by lane")
        add("/jobs/retry", self.retry_many, methods=["POST"], response_model=BulkResult, summary="Retry many jobs")
        add("/jobs/{job_id}", self.get, methods=["GET"], response_model=Job, summary="One job")
        add(
            "/jobs/{job_id}/retry",
            self.retry,
            methods=["POST"],
            status_code=202,
            response_model=Job,
            summary="Try again",
        )
        add(
            "/jobs/{job_id}/cancel",
            self.cancel,
            methods=["POST"],
            status_code=202,
            response_model=Job,
            summary="Stop it",
        )
        return router

    async def page(
        self,
        caller: CallerDep,
        state: JobState | None = None,
        cause: Annotated[str | None, Query(max_length=80, description="A reason code, such as `deadline`.")] = None,
        file_id: Id | None = None,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> JobPage:
        """The caller's jobs."""
        before = pagination.decode_newest(cursor)

        def read(tx: Tx) -> list[RowMapping]:
            filters = {"state": state, "reason_code": cause, "file_id": file_id}
            return self.queue.page(tx, caller.owner_id, limit + 1, before, **filters)

        rows = await self.database.read(read)
        last = rows[limit - 1] if len(rows) > limit else None
        next_cursor = pagination.encode_newest(last["created_at"], last["job_id"]) if last else None
        return JobPage(items=[job_view(row) for row in rows[:limit]], next_cursor=next_cursor)

    async def get(self, job_id: Id, caller: CallerDep) -> Job:
        """With the files ahead of it and an estimated wait while it is queued."""
        return await self.database.read(self._view, caller.owner_id, job_id)

    async def groups(self, caller: CallerDep) -> JobGroups:
        """What failed, by cause, the most frequent first."""
        rows = await self.database.read(self.queue.failures, caller.owner_id)
        by_code: dict[str, list[RowMapping]] = defaultdict(list)
        for row in rows:
            by_code[row["reason_code"] or "unknown"].append(row)
        groups = [_group(code, members) for code, members in by_code.items()]
        return JobGroups(items=sorted(groups, key=lambda group: -group.count))

    async def lanes(self, caller: CallerDep) -> JobLanes:
        """How many of the caller's jobs are open."""
        return JobLanes(**await self.database.read(self.queue.open_by_lane, caller.owner_id))

    async def retry(self, job_id: Id, caller: CallerDep) -> Job:
        """Fresh tries for a job that has ended, also one that went well: after a program or a model was installed, say."""

        def again(tx: Tx) -> Job:
            self._view(tx, caller.owner_id, job_id)
            if not self.queue.requeue(tx, job_id):
                raise Conflict("This job has not ended yet.")
            return self._view(tx, caller.owner_id, job_id)

        job = await self.database.write("jobs.retry", again)
        self.wake()
        return job

    async def retry_many(self, bulk: BulkRetry, caller: CallerDep) -> BulkResult:
        """Every failed, parked or cancelled job that matches; at most 10,000 in one call."""

        def again(tx: Tx) -> BulkResult:
            wanted = bulk.filter
            states = [wanted.state] if wanted.state in ENDED else ["failed", "parked"] if wanted.state is None else []
            found = self.queue.matching(tx, caller.owner_id, states, reason_code=wanted.code, file_id=wanted.file_id)
            retried = [] if bulk.dry_run else [job_id for job_id in found if self.queue.requeue(tx, job_id)]
            return BulkResult(matched=len(found), retried=len(retried))

        result = await self.database.write("jobs.retry-many", again)
        self.wake()
        return result

    async def cancel(self, job_id: Id, caller: CallerDep) -> Job:
        """A queued job is cancelled at once, a running one within about a second."""

        def stop(tx: Tx) -> Job:
            self._view(tx, caller.owner_id, job_id)
            if self.queue.cancel(tx, job_id) is None:
                raise Conflict("This job has ended already.")
            return self._view(tx, caller.owner_id, job_id)

        stopped = await self.database.write("jobs.cancel", stop)
        self.wake()
        return stopped

    def _view(self, tx: Tx, owner_id: str, job_id: str) -> Job:
        row = self.queue.get(tx, owner_id, job_id)
        if row is None:
            raise NotFound("There is no such job.")
        if row["state"] != "queued":
            return job_view(row)
        ahead = self.queue.ahead(tx, row)
        durations = self.queue.recent_durations_s(tx)
        typical_s = sum(durations) / len(durations) if durations else DURATION_GUESS_S
        return job_view(row).model_copy(update={"files_ahead": ahead, "wait_s": round((ahead + 1) * typical_s, 1)})


def job_view(row: RowMapping) -> Job:
    """A row as the contract shows it."""
    reason = None
    if row["reason_code"]:
        reason = Reason(code=row["reason_code"], detail=row["reason_detail"] or "", retryable=bool(row["retryable"]))
    shown: dict[str, Any] = {name: row[name] for name in Job.model_fields if name in row}
    return Job.model_validate({**shown, "reason": reason})


def _group(code: str, members: list[RowMapping]) -> JobGroup:
    hourly = [0] * 24
    moment = now()
    for row in members:
        if row["finished_at"] and (age := moment - row["finished_at"]) < timedelta(hours=24):
            hourly[23 - int(age.total_seconds() // 3600)] += 1
    since = min((row["finished_at"] for row in members if row["finished_at"]), default=moment)
    first = members[0]
    return JobGroup(
        code=code,
        detail=first["reason_detail"] or "",
        count=len(members),
        since=since,
        hourly=hourly,
        retryable=bool(first["retryable"]),
    )
