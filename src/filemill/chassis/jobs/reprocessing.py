"""Files that are to be worked on again: found by a filter a page at a time, put into the bulk lane if that is wanted.

A call looks at a bounded number of files and says where the next one goes on, so an owner with a million files costs no
long transaction, and who asks can show how far it is. A file with an open job gets no second one; so a run that was
interrupted is simply repeated. What may stand in a filter, and what a job is, says the service.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.jobs.errors import JobQueueFull
from filemill.chassis.jobs.filters import Test
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.table import BULK, OPEN_STATES
from filemill.chassis.web import pagination
from filemill.contracts.jobs import ReprocessAnswer, ReprocessRequest

LOOKED_AT_MOST = 500
"""Files in one call: a transaction of some tens of milliseconds."""
WAITING_MOST = 5_000
"""Open bulk jobs of one owner; whoever asks for more waits until there are less."""
RETRY_AFTER_S = 5
_GUESS_S = 1.0
"""What a run is assumed to take before any has ended."""


@dataclass(frozen=True, slots=True)
class Reprocessing:
    """What a service's endpoint does. `at_once` is how many jobs its workers are assumed to run at a time, for the estimate.

    `page` are the next living files of an owner after one, as mappings with `file_id`, in its order; `enqueue` queues a
    file in the bulk lane, and says False if it is gone.
    """

    database: Database
    queue: JobQueue
    parse: Callable[[str], Test]
    page: Callable[[Tx, str, int, str | None], Sequence[Any]]
    enqueue: Callable[[Tx, str, str], bool]
    at_once: int
    wake: Callable[[], None]

    async def some(self, owner_id: str, asked: ReprocessRequest) -> ReprocessAnswer:
        """One page of the owner's files: those that fit are queued, or only counted. Raises `BadFilter`, `JobQueueFull`."""
        test = self.parse(asked.where)
        after = pagination.decode(asked.cursor, str)
        rows = await self.database.read(self.page, owner_id, LOOKED_AT_MOST, str(after[0]) if after else None)
        found = [row["file_id"] for row in rows if test(row)]
        queued = 0
        if found and not asked.dry_run:
            queued = await self.database.write("jobs.reprocess", self._queue, owner_id, found)
            self.wake()
        durations = await self.database.read(self.queue.recent_durations_s)
        each_s = sum(durations) / len(durations) if durations else _GUESS_S
        return ReprocessAnswer(
            looked_at=len(rows),
            matched=len(found),
            queued=queued,
            seconds=round(len(found) * each_s / self.at_once, 1),
            next_cursor=pagination.encode(rows[-1]["file_id"]) if len(rows) == LOOKED_AT_MOST else None,
        )

    def _queue(self, tx: Tx, owner_id: str, file_ids: list[str]) -> int:
        if self.queue.open_by_lane(tx, owner_id)[BULK] + len(file_ids) > WAITING_MOST:
            raise JobQueueFull("Too many of your re-runs are waiting; ask again later.", retry_after_s=RETRY_AFTER_S)
        hold(tx, *file_ids)
        count = 0
        for file_id in file_ids:
            last = self.queue.latest(tx, file_id)
            is_open = last is not None and last["state"] in OPEN_STATES
            if not is_open and self.enqueue(tx, owner_id, file_id):
                count += 1
        return count
