"""When a file is analysed: queued with its upload's processing, on request, and always ended by a deadline.

A job about a file that is not processed yet waits for `file.processed`; when the deadline comes first it runs with what is
there. A file whose analysis never ended is told to be `unavailable`, with the reason.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import RowMapping

from filemill.ai import repository
from filemill.ai.capabilities.names import NAMES, OPTIONAL
from filemill.ai.models.registry import Registry
from filemill.ai.repository import job_queue, known
from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.jobs.table import BULK, NewJob
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.ai import FileAnalyzed, Finding
from filemill.contracts.ids import Id
from filemill.contracts.jobs import FileProgress
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Reason

KIND = "ai"
WATCH_EVERY_S = 10.0


def enqueue(
    tx: Tx, row: RowMapping, *, lane: str, cause: str, deadline_s: float, wait_s: float = 0.0,
    capabilities: list[str] | None = None, options: dict[str, Any] | None = None,
) -> str:  # fmt: skip
    """Queue an analysis of a known file and say so in its story."""
    run = job_queue.next_run(tx, row["file_id"])
    payload = {"capabilities": capabilities, "options": options or {}}
    new = NewJob(KIND, row["file_id"], row["owner_id"], row["version"], run, lane, cause, payload, deadline_s)
    job_id = job_queue.add(tx, new, wait_s=wait_s)
    queued = FileProgress(
        file_id=row["file_id"], owner_id=row["owner_id"], version=row["version"], run=run, service=KIND, step="queue",
        attempt=0, state="queued", job_id=job_id,
    )  # fmt: skip
    outbox.append(tx, wire.make_event(KIND, Topic.PROGRESS, row["file_id"], queued))
    return job_id


def again(tx: Tx, owner_id: str, file_id: str, *, deadline_s: float) -> bool:
    """Queue a new analysis of a file behind new uploads; False if it is gone."""
    row = known.living(tx, owner_id, file_id)
    if row is None:
        return False
    enqueue(tx, row, lane=BULK, cause="reprocess", deadline_s=deadline_s)
    return True


def options_key(capabilities: list[str] | None, options: dict[str, Any]) -> str:
    """What makes two questions the same, apart from the file and the models."""
    return hashlib.sha256(orjson.dumps([sorted(capabilities or []), options], option=orjson.OPT_SORT_KEYS)).hexdigest()


def wanted(registry: Registry, asked: list[str] | None) -> list[str]:
    """What an analysis looks for: what was asked for, else all but what is optional and has no model."""

    def is_there(name: str) -> bool:
        best = registry.best(name)
        return best is not None and best.usable

    return asked or [name for name in NAMES if name not in OPTIONAL or is_there(name)]


def still_holds(registry: Registry, finding: Finding) -> bool:
    """Whether looking again would say the same: the model is the one in force, and it did not fail."""
    without_model = finding.state == "needs-download"
    holds = registry.in_force(finding.capability, finding.model_digest, without_model=without_model)
    return finding.state != "failed" and holds


def tell_unavailable(tx: Tx, row: RowMapping, job_id: Id, run: int, attempt: int, reason: Reason) -> None:
    """End the analysis of a version without findings."""
    known.note(tx, row["file_id"], ended=True)
    data = FileAnalyzed(
        file_id=row["file_id"], owner_id=row["owner_id"], version=row["version"], run=run, job_id=job_id,
        analysis="unavailable", reason=reason, attempt=attempt,
    )  # fmt: skip
    outbox.append(tx, wire.make_event(KIND, Topic.ANALYZED, row["file_id"], data))


class DeadlineWatch:
    """Ends analyses whose deadline is over. A loop that always runs."""

    def __init__(self, database: Database, deadline_s: float, new_id: Callable[[], str]) -> None:
        self._database = database
        self._deadline_s = deadline_s
        self._new_id = new_id

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            await self.end_overdue()
            await asyncio.sleep(WATCH_EVERY_S)

    async def end_overdue(self) -> int:
        """One round; returns how many analyses were ended."""
        before = now() - timedelta(seconds=self._deadline_s)
        if not await self._database.read(repository.overdue, before):
            return 0
        return await self._database.write("ai.deadline", self._end, before)

    def _end(self, tx: Tx, before: Any) -> int:
        rows = repository.overdue(tx, before)
        hold(tx, *(row["file_id"] for row in rows))
        for row in repository.overdue(tx, before, [row["file_id"] for row in rows]):  # less what another instance ended
            reason = Reason(
                code="analysis-deadline", retryable=True,
                detail=f"The analysis was not done {self._deadline_s:g} s after the upload; it can be asked for again.",
            )  # fmt: skip
            job_queue.cancel_open(tx, row["file_id"])
            run = job_queue.next_run(tx, row["file_id"])
            tell_unavailable(tx, row, self._new_id(), run, 0, reason)
        return len(rows)
