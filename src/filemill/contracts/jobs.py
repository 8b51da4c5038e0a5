"""A job over HTTP: the same shape in processing and ai."""

from typing import Any, Literal

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time
from filemill.contracts.upload import Reason

JobState = Literal["queued", "running", "done", "failed", "parked", "cancelled"]


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
