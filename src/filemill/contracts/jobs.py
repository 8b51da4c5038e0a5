"""Jobs, the same in processing and ai: over HTTP, and what a file's story hears of them."""

from typing import Any, Literal

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time
from filemill.contracts.upload import Reason

JobState = Literal["queued", "running", "done", "failed", "parked", "cancelled"]


class FileProgress(Contract):
    """`file.progress`: one step of one service's work on a file moved. The timeline is made of these.

    `state`: queued, started, retrying, done, failed, parked, cancelled. `run` counts the jobs about this file, `attempt`
    the tries of that job over its whole life; `(run, attempt)` only grows, and that order decides, not arrival.
    """

    file_id: FileId
    owner_id: str
    version: int
    run: int
    service: str
    step: str
    attempt: int
    state: str
    reason: Reason | None = None
    job_id: Id | None = None
    started_at: Time | None = None
    duration_ms: float | None = None


class Job(Contract):
    """One unit of work. `files_ahead` and `wait_s` are there while it is queued: an estimate, not a promise."""

    job_id: Id
    file_id: FileId
    owner_id: str
    state: JobState
    lane: str
    cause: str
    attempts: int
    progress: dict[str, Any] | None = None
    reason: Reason | None = None
    files_ahead: int | None = None
    wait_s: float | None = None
    result: dict[str, Any] | None = None
    created_at: Time
    started_at: Time | None = None
    finished_at: Time | None = None


class JobPage(Contract):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: str | None = None


class JobGroup(Contract):
    """Jobs that ended for the same cause: how many, since when, per hour of the last day, and whether a retry can help."""

    code: str
    detail: str
    count: int
    since: Time
    hourly: list[int]
    retryable: bool


class JobGroups(Contract):
    """Failures by cause, the most frequent first."""

    items: list[JobGroup]


class JobLanes(Contract):
    """How many jobs of the caller are open in each lane: new uploads, and re-runs."""

    interactive: int
    bulk: int


class JobFilter(Contract):
    """Which jobs a bulk call means; an empty filter means every parked or failed job of the caller."""

    state: JobState | None = None
    code: str | None = None
    file_id: FileId | None = None


class BulkRetry(Contract):
    """A bulk retry; with `dry_run` only the count is answered."""

    filter: JobFilter = JobFilter()
    dry_run: bool = False


class BulkResult(Contract):
    """How many jobs matched, and how many were queued again (0 in a dry run)."""

    matched: int
    retried: int


class ReprocessRequest(Contract):
    """Which of the caller's files to work on again: parts joined by `and`, as the service's `bad-filter` explains them.

    `cursor` is `next_cursor` of the answer before; with `dry_run` nothing is queued.
    """

    where: str
    dry_run: bool = False
    cursor: str | None = None


class ReprocessAnswer(Contract):
    """A page: files looked at, those that matched, jobs queued (files with an open job get none), an estimate in seconds."""

    looked_at: int
    matched: int
    queued: int
    seconds: float
    next_cursor: str | None = None
