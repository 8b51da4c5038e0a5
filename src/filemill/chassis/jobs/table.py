"""The job table, and what a job row means. Each service with work of its own calls `jobs_table` in its `tables.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from filemill.chassis.database.inventory import KeptTable
from filemill.chassis.database.types import UtcTime

INTERACTIVE = "interactive"
"""The lane of new uploads."""
BULK = "bulk"
"""The lane of re-runs."""

OPEN_STATES = ("queued", "running")


def jobs_table(metadata: MetaData) -> Table:
    """queued -> running -> done | failed | parked | cancelled.

    `lease_until`, `due_at` and `woken_until` (a worker was sent a wake-up) are Unix seconds; `fence` grows with each claim
    and guards each write of a worker.
    """
    return Table(
        "jobs",
        metadata,
        Column("job_id", String(36), primary_key=True),
        Column("kind", String(40), nullable=False),
        Column("file_id", String(36), nullable=False),
        Column("owner_id", String(200), nullable=False),
        Column("version", Integer, nullable=False),
        Column("run", Integer, nullable=False),
        Column("lane", String(20), nullable=False),
        Column("cause", String(80), nullable=False),
        Column("payload", JSON, nullable=False),
        Column("state", String(20), nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("fence", BigInteger, nullable=False, server_default="0"),
        Column("due_at", Float, nullable=False),
        Column("lease_holder", String(200)),
        Column("lease_until", Float, nullable=False, server_default="0"),
        Column("woken_until", Float, nullable=False, server_default="0"),
        Column("deadline_s", Float, nullable=False),
        Column("cancel_asked", Boolean, nullable=False, server_default=false()),
        # What it was put off for, while it is queued: `JobQueue.release` of that makes it due.
        Column("waits_for", String(300)),
        Column("progress", JSON(none_as_null=True)),
        Column("reason_code", String(80)),
        Column("reason_detail", Text),
        Column("retryable", Boolean),
        Column("result", JSON(none_as_null=True)),
        Column("request_id", String(64)),
        Column("traceparent", String(55)),
        Column("created_at", UtcTime, nullable=False),
        Column("started_at", UtcTime),
        Column("finished_at", UtcTime),
        Index(
            "jobs_ready",
            "lane",
            "due_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "jobs_turns",
            "lane",
            "owner_id",
            "due_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "jobs_running",
            "owner_id",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(
            "jobs_waiting",
            "waits_for",
            sqlite_where=text("waits_for IS NOT NULL"),
            postgresql_where=text("waits_for IS NOT NULL"),
        ),
        Index("jobs_newest", "owner_id", "created_at", "job_id"),
        Index("jobs_file", "file_id", "run"),
    )


def kept(table: Table) -> KeptTable:
    """The jobs in a service's inventory: a lease belongs to a worker that is not there any more."""
    return KeptTable(table, local={"lease_holder": None, "lease_until": 0.0}, owner="with files")


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to be done. One open job per (file, kind, run) is the caller's affair."""

    kind: str
    file_id: str
    owner_id: str
    version: int
    run: int
    lane: str
    cause: str
    payload: dict[str, Any]
    deadline_s: float


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job in a worker's hands. Every write about it carries `fence`; an old worker's writes change nothing."""

    job_id: str
    kind: str
    file_id: str
    owner_id: str
    version: int
    run: int
    lane: str
    payload: dict[str, Any]
    attempts: int
    fence: int
    deadline_s: float
    request_id: str | None
    traceparent: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a try failed. `retryable` False parks nothing: the job is failed for good, since the file itself is to blame."""

    code: str
    detail: str
    retryable: bool
