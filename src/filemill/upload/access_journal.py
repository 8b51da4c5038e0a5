"""Opens of files, for the audit trail: collected in memory, written to the outbox in batches of at most a second.

A read must not wait for a commit of its own, so a crash may lose up to `FLUSH_S` of read entries; writes are never lost,
they are audited in their own transaction. The journal is bounded: when it is full, the reader waits for a flush.
"""

import asyncio

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileAccessed

FLUSH_S = 0.5
PENDING_MOST = 1000


class AccessJournal:
    """Collects opens; `run` writes them down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: list[Event] = []
        self._some = asyncio.Event()

    async def note(self, opened: FileAccessed) -> None:
        """Remember an open."""
        if len(self._pending) >= PENDING_MOST:
            await self.flush()
        self._pending.append(wire.make_event("upload", Topic.ACCESSED, opened.file_id, opened))
        self._some.set()

    async def run(self) -> None:
        """Write what was noted, for ever; what is left is written on the way out."""
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(FLUSH_S)
                await self.flush()
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Write what is pending now."""
        self._some.clear()
        events, self._pending = self._pending, []
        if not events:
            return
        try:
            await self._database.write("upload.journal", _append_all, events)
        except Exception:
            self._pending = events + self._pending  # the loop says what is wrong and tries again
            self._some.set()
            raise


def _append_all(tx: Tx, events: list[Event]) -> None:
    outbox.append(tx, *events)
