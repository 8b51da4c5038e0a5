"""Files that are to be processed again: found by a filter a page at a time, put into the bulk lane if that is wanted.

A call looks at a bounded number of files and says where the next one goes on, so an owner with a million files costs no
long transaction, and who asks can show how far it is. A file with an open job gets no second one; so a run that was
interrupted is simply repeated. What is known already is not run again (reuse.py): a job then only says it anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import RowMapping

from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.jobs.table import BULK, OPEN_STATES
from filemill.contracts.processing import ReprocessAnswer, ReprocessRequest
from filemill.processing import repository, selection
from filemill.processing.errors import JobQueueFull
from filemill.processing.repository import job_queue
from filemill.processing.run import enqueue
from filemill.processing.selection import LastRun

LOOKED_AT_MOST = 500
"""Files in one call: a transaction of some tens of milliseconds."""
WAITING_MOST = 5_000
"""Open bulk jobs of one owner; whoever asks for more waits until there are less."""
RETRY_AFTER_S = 5
_GUESS_S = 1.0
"""What a run is assumed to take before any has ended."""


@dataclass(frozen=True, slots=True)
class Reprocessing:
    """What the endpoint does. `at_once` is how many jobs the workers are assumed to run at a time, for the estimate."""

    database: Database
    deadline_s: float
    at_once: int
    wake: Callable[[], None]

    async def some(
        self, owner_id: str, asked: ReprocessRequest, after: str | None
    ) -> tuple[ReprocessAnswer, str | None]:
        """One page; returns the answer and the last file looked at, None at the end. Raises `BadFilter`, `JobQueueFull`."""
        test = selection.parse(asked.where)
        rows = await self.database.read(repository.contents_page, owner_id, LOOKED_AT_MOST, after)
        found = [row["file_id"] for row in rows if test(_last_run(row))]
        queued = 0
        if found and not asked.dry_run:
            queued = await self.database.write("processing.reprocess", self._queue, owner_id, found)
            self.wake()
        durations = await self.database.read(job_queue.recent_durations_s)
        each_s = sum(durations) / len(durations) if durations else _GUESS_S
        seconds = round(len(found) * each_s / self.at_once, 1)
        answer = ReprocessAnswer(looked_at=len(rows), matched=len(found), queued=queued, seconds=seconds)
        return answer, rows[-1]["file_id"] if len(rows) == LOOKED_AT_MOST else None

    def _queue(self, tx: Tx, owner_id: str, file_ids: list[str]) -> int:
        if job_queue.open_by_lane(tx, owner_id)[BULK] + len(file_ids) > WAITING_MOST:
            raise JobQueueFull("Too many of your re-runs are waiting; ask again later.", retry_after_s=RETRY_AFTER_S)
        hold(tx, *file_ids)
        count = 0
        for file_id in file_ids:
            last = job_queue.latest(tx, file_id)
            is_open = last is not None and last["state"] in OPEN_STATES
            if not is_open and repository.known.living(tx, owner_id, file_id) is not None:
                enqueue(tx, file_id, lane=BULK, cause="reprocess", deadline_s=self.deadline_s)
                count += 1
        return count


def _last_run(row: RowMapping) -> LastRun:
    return LastRun(row["found_type"] or row["content_type"], row["filename"], row["steps"])
