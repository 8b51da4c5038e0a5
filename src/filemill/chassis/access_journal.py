"""Opens of files, for the audit trail: collected in memory, written down in batches of at most a second.

A read must not wait for a commit of its own, so a crash may lose up to `FLUSH_S` of read entries; writes are never lost,
they are audited in their own transaction. The journal is bounded: when it is full, the reader waits for a flush.
"""

import asyncio
from collections.abc import Callable, Sequence

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.web.caller import Caller
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Action, FileAccessed

FLUSH_S = 0.5
PENDING_MOST = 1000
SIGNED_LINK = "signed link"
SHARE = "share"
"""Who opens without credentials: by a signed link, or by one that can be taken back."""

Keep = Callable[[Tx, Sequence[Event]], None]
OwnerOf = Callable[[Tx, str], str | None]
"""Whose a file is, if it is here."""


def tell(tx: Tx, events: Sequence[Event]) -> None:
    """How services keep them that have no trail of their own: metadata hears of them."""
    outbox.append(tx, *events)


class AccessJournal:
    """Collects opens of one service; `run` writes them down."""

    def __init__(self, service: str, database: Database, keep: Keep = tell) -> None:
        self._service = service
        self._database = database
        self._keep = keep
        self._pending: list[Event] = []
        self._some = asyncio.Event()

    async def note(self, opened: FileAccessed) -> None:
        """Remember an open, or that it was refused."""
        if len(self._pending) >= PENDING_MOST:
            await self.flush()
        self._pending.append(wire.make_event(self._service, Topic.ACCESSED, opened.file_id, opened))
        self._some.set()

    async def opened(
        self, file_id: str, version: int, action: Action, caller: Caller, actor: str | None = None
    ) -> None:
        """It was opened, by its owner if no other `actor` is said."""
        await self.note(
            FileAccessed(
                file_id=file_id, owner_id=caller.owner_id, actor=actor or caller.owner_id, action=action,
                client_address=caller.address, version=version,
            )
        )  # fmt: skip

    async def refused(self, owner_of: OwnerOf, file_id: str, action: Action, caller: Caller) -> None:
        """Somebody asked for a file of another owner, whose trail tells it. Of a file that is not here nothing is noted."""
        owner_id = await self._database.read(owner_of, file_id)
        if owner_id is None or owner_id == caller.owner_id:
            return
        await self.note(
            FileAccessed(
                file_id=file_id, owner_id=owner_id, actor=caller.owner_id, action=action, outcome="refused",
                reason=NotFound.code, client_address=caller.address,
            )
        )  # fmt: skip

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
            await self._database.write("access.journal", self._keep, events)
        except Exception:
            self._pending = events + self._pending  # the loop says what is wrong and tries again
            self._some.set()
            raise
