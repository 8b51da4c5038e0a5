"""Children follow their parent: to the trash and back, and away for good.

The request moves the parent and leaves a row (`families`); this loop, which always runs, moves the children, a bounded
number in a transaction, each with an event of its own. Each child leaves a row for its own children. So a family of any size
costs no long transaction, and a crash only delays it. What happened to a child alone before stays as it is: one that was in
the trash already is not brought back with its parent. On failure: the loop goes on where the rows say.
"""

import asyncio

from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.web.caller import Caller
from filemill.upload import families_repository, purge
from filemill.upload.errors import UnderHold
from filemill.upload.lifecycle import move

AT_ONCE = 50
"""Children in one transaction: some tens of milliseconds."""
FAMILIES_MOST = 100
IDLE_S = 10.0


class Families:
    """The loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._news = asyncio.Event()
        database.on_commit(families_repository.MARK, self._news.set)

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            self._news.clear()
            while await self.follow_some():
                pass
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def follow_some(self) -> int:
        """One round over what waits; returns how many families that were."""
        waiting = await self._database.read(families_repository.some, FAMILIES_MOST)
        for file_id in waiting:
            await self._database.write("upload.family", follow, file_id)
        return len(waiting)


def follow(tx: Tx, parent_id: str) -> None:
    """Bring some children to where their parent is. Holds the parent, then each child: always in this order."""
    hold(tx, parent_id)
    row = families_repository.parent(tx, parent_id)
    children = families_repository.stragglers(tx, parent_id, row, AT_ONCE)
    purge_id = families_repository.purge_of(tx, parent_id)
    for child in children:
        caller = Caller(child["owner_id"], is_admin=False, address=None)
        try:
            if row is None:
                purge.begin(tx, caller, child["file_id"], "parent", part_of=purge_id)
            else:
                move(
                    tx, caller, child["file_id"], row["deleted_at"], following=parent_id if row["deleted_at"] else None
                )
        except UnderHold:
            continue  # held a moment ago: it stays
    if len(children) < AT_ONCE:
        families_repository.end(tx, parent_id)
