"""Turns: one writer for each unfinished upload, in all processes together.

A turn is a lease in the upload's row, kept while its holder lives. A second writer waits a moment, because the first is often
a broken connection that is just noticed, and then gets 423. A holder that died on this machine is noticed at once, elsewhere
after `HOLD_S`. A holder in this process that hears nothing from its client is asked to make room (`Turn.silent_s`).
"""

import asyncio
import time
from dataclasses import dataclass, field

import structlog
from sqlalchemy import RowMapping

from filemill.chassis import process_identity
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import Locked, NotFound, Unavailable
from filemill.chassis.ids import new_id
from filemill.upload import sessions_repository as sessions

HOLD_S = 30.0
KEEP_EVERY_S = 5.0
WAIT_S = 2.0
ASK_AGAIN_S = 0.1
SILENT_S = 5.0
"""A writer that got no byte for so long makes room for another of the same upload: its client has likely lost the line."""

_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Turn:
    """The right to write to one upload."""

    owner_id: str
    upload_id: str
    holder: str
    row: RowMapping | None = None
    waits_since: float | None = None
    patience: asyncio.Timeout | None = None

    def make_room(self) -> None:
        """Stop waiting for bytes, if it waits for long; what arrived is kept."""
        now_s = time.monotonic()
        if self.waits_since is not None and self.patience is not None and now_s - self.waits_since >= SILENT_S:
            self.patience.reschedule(asyncio.get_running_loop().time())


@dataclass(slots=True)
class Turns:
    """The turns that requests of this process hold. `run` keeps them held, and frees those that could not be freed."""

    database: Database
    _held: dict[str, Turn] = field(default_factory=dict)
    _left: set[tuple[str, str]] = field(default_factory=set)

    async def take(self, owner_id: str, upload_id: str, *, any_age: bool = False) -> Turn:
        """Wait for one's turn; `row` is the upload as it is now. Raises `NotFound`, `Locked`."""
        until_s = time.monotonic() + WAIT_S
        while True:
            try:
                return await self._try(owner_id, upload_id, any_age=any_age)
            except Locked:
                if time.monotonic() > until_s:
                    raise
            if (other := self._held.get(upload_id)) is not None:
                other.make_room()
            await asyncio.sleep(ASK_AGAIN_S)

    async def give_back(self, turn: Turn) -> None:
        """The next may write. If the database is away just now, `run` does it later."""
        self._forget(turn)
        self._left.add((turn.upload_id, turn.holder))
        try:
            await self._end(turn.upload_id, turn.holder)
        except Unavailable as error:
            _log.warning("upload.turn.left", upload_id=turn.upload_id, error=error.detail)

    def ended(self, turn: Turn) -> None:
        """The turn ended with the upload itself."""
        self._forget(turn)

    async def run(self) -> None:
        """Keep what is held and free what was left, for ever."""
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            for upload_id, holder in list(self._left):
                await self._end(upload_id, holder)
            if self._held:
                holders = [turn.holder for turn in self._held.values()]
                await self.database.write_unsynced("upload.session.keep", sessions.keep_turns, holders, HOLD_S)

    async def _try(self, owner_id: str, upload_id: str, *, any_age: bool) -> Turn:
        if upload_id in self._held:
            raise Locked("Another request writes to this upload.", retry_after_s=1)
        turn = Turn(owner_id, upload_id, f"{new_id()}@{process_identity.me()}")
        self._held[upload_id] = turn
        try:
            turn.row = await self.database.write_unsynced("upload.session.claim", _claim, turn, any_age)
        except (Locked, NotFound):
            self._forget(turn)
            raise
        except BaseException:
            self._forget(turn)
            self._left.add((upload_id, turn.holder))  # it may have been written all the same
            raise
        return turn

    def _forget(self, turn: Turn) -> None:
        if self._held.get(turn.upload_id) is turn:
            del self._held[turn.upload_id]

    async def _end(self, upload_id: str, holder: str) -> None:
        await self.database.write_unsynced("upload.session.release", sessions.end_turn, upload_id, holder)
        self._left.discard((upload_id, holder))


def _claim(tx: Tx, turn: Turn, any_age: bool) -> RowMapping:
    found = sessions.get_to_change(tx, turn.owner_id, turn.upload_id, any_age=any_age)
    if found is None:
        raise NotFound("There is no such upload.")
    if at_work(found):
        raise Locked("Another request writes to this upload.", retry_after_s=1)
    sessions.give_turn(tx, turn.upload_id, turn.holder, HOLD_S)
    return found


def at_work(row: RowMapping) -> bool:
    """Whether somebody who may be alive holds this upload."""
    holder = row["holder"]
    if holder is None or unix_s() >= row["held_until"]:
        return False
    return not process_identity.is_dead(holder.partition("@")[2])
