"""Uploads that arrive in several requests: they begin, go on, and end as one file (`completing`) or as nothing.

SHA-256 goes on from request to request within a process; where another process goes on, it is taken
once over the whole at the end (a hash's state cannot be saved). What is refused for good is forgotten at once.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import structlog
from sqlalchemy import RowMapping

from filemill.chassis.clock import unix_s
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import FilemillError, Forbidden, Locked, NotFound, TooMany
from filemill.chassis.storage.pieces import Resumes
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller
from filemill.upload import rules, tokens_repository
from filemill.upload import sessions_repository as sessions
from filemill.upload.appending import Appending, Digests
from filemill.upload.completing import Completing
from filemill.upload.errors import (
    ContentMismatch,
    FileTooLarge,
    OffsetConflict,
    TooManyBytes,
    TypeNotAllowed,
)
from filemill.upload.intake import Intake
from filemill.upload.sessions_repository import NewSession
from filemill.upload.settings import UploadSettings
from filemill.upload.tokens_repository import grant_of
from filemill.upload.turns import Turn, Turns
from filemill.upload.tus import Checksum

_FOR_GOOD = (ContentMismatch, TypeNotAllowed, FileTooLarge, NotFound)
"""What no further byte can mend."""
AT_ONCE_MOST = 20
"""Of each kind of forgotten upload, in one round of the keeper."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The uploads under way. `store` is the store of `intake`."""

    database: Database
    store: Resumes
    intake: Intake
    settings: UploadSettings
    turns: Turns
    digests: Digests = field(default_factory=Digests)

    @property
    def completing(self) -> Completing:
        """What makes files of them."""
        return Completing(self.database, self.store, self.intake, self.settings, self.digests)

    async def begin(self, new: NewSession) -> None:
        """An upload is expected. Raises `TooMany` if its owner has too many under way, `TokenUsedUp`."""
        await self.database.write("upload.session.begin", _begin, new, self.settings.unfinished_most)

    async def look(self, caller: Caller, upload_id: str) -> RowMapping:
        """How far it is. One that is whole and no file yet, because a process died, becomes a file first."""
        row = await self._row(caller.owner_id, upload_id)
        if row["kind"] == "direct":
            raise NotFound("There is no such upload.")
        if not is_whole(row):
            return row
        turn = await self.turns.take(caller.owner_id, upload_id)
        return await self._in_turn(caller, turn)

    async def append(
        self, caller: Caller, upload_id: str, offset: int, body: Body,
        size: int | None = None, checksum: Checksum | None = None,
    ) -> RowMapping:  # fmt: skip
        """Put the body behind the first `offset` bytes. Raises `OffsetConflict`, `Locked` and what `Appending.run` does."""
        turn = await self.turns.take(caller.owner_id, upload_id)
        row = turn.row
        assert row is not None
        try:
            if row["kind"] in ("final", "direct"):
                raise Forbidden("A final upload takes no bytes of its own.")
            size = _settled(row, size)
            if size is not None and size > rules.most_bytes(self.settings, grant := grant_of(row["token"])):
                raise rules.too_large(self.settings, grant)
            if row["received"] != offset:
                raise OffsetConflict(f"The upload has {row['received']} bytes, not {offset}.")
            if row["state"] == "open" and (row["size"] is None or row["received"] < row["size"]):
                appending = Appending(
                    self.database, self.store, self.settings, self.intake.room, self.digests, turn, size
                )
                await appending.run(body, checksum)
                turn.row = await self._row(caller.owner_id, upload_id)
            else:
                await body.pour(_Full())
        except _FOR_GOOD:
            await self._drop(turn)
            raise
        except BaseException:
            await self.turns.give_back(turn)
            raise
        return await self._in_turn(caller, turn)

    async def remove(self, owner_id: str, upload_id: str, *, any_age: bool = False) -> None:
        """Forget an upload; the file it has become stays. Raises `NotFound`, `Locked`."""
        await self._drop(await self.turns.take(owner_id, upload_id, any_age=any_age))

    async def forget(self, owner_id: str, upload_id: str) -> None:
        """As `remove`, as far as it is possible now."""
        try:
            await self.remove(owner_id, upload_id)
        except NotFound:
            return
        except FilemillError as error:
            _log.warning("upload.session.left", upload_id=upload_id, error=error.detail)  # until its time is over

    async def sweep(self) -> tuple[int, int]:
        """(uploads forgotten because their time is over, files made of uploads whose process died at the very end)."""
        now, gone, made = unix_s(), 0, 0
        for owner_id, upload_id in await self.database.read(sessions.expired, now, AT_ONCE_MOST):
            try:
                await self.remove(owner_id, upload_id, any_age=True)
                gone += 1
            except (Locked, NotFound):
                continue  # somebody is at work on it, or was quicker
        for owner_id, upload_id, address in await self.database.read(sessions.left_whole, now, AT_ONCE_MOST):
            try:
                await self.look(Caller(owner_id, is_admin=False, address=address), upload_id)
                made += 1
            except FilemillError as error:
                _log.warning("upload.session.not-completed", upload_id=upload_id, error=error.detail)
        return gone, made

    async def forget_pieces(self, row: RowMapping) -> None:
        """Delete what was received, as far as it is possible now; the rest goes with the row."""
        try:
            await self._delete_pieces(row)
        except FilemillError as error:
            _log.warning("upload.pieces.left", upload_id=row["upload_id"], error=error.detail)

    # in a turn, which each of these ends

    async def _in_turn(self, caller: Caller, turn: Turn) -> RowMapping:
        """End the turn; make the file first if every byte is there."""
        row = turn.row
        assert row is not None
        if not is_whole(row):
            await self.turns.give_back(turn)
            return row
        try:
            await self.completing.make_file(caller, turn, await self.completing.stored(row))
        except FilemillError as error:
            await (self.turns.give_back(turn) if error.retryable else self._drop(turn))
            raise
        except BaseException:
            await self.turns.give_back(turn)
            raise
        self.turns.ended(turn)
        self.digests.forget(turn.upload_id)
        await self.forget_pieces(row)
        return await self._row(caller.owner_id, turn.upload_id)

    async def _drop(self, turn: Turn) -> None:
        self.digests.forget(turn.upload_id)
        assert turn.row is not None
        try:
            await self._delete_pieces(turn.row)
            crash_point("upload.session.forgotten")
            await self.database.write("upload.session.remove", sessions.remove, turn.upload_id, turn.holder)
        except BaseException:
            await self.turns.give_back(turn)
            raise
        self.turns.ended(turn)

    async def _row(self, owner_id: str, upload_id: str) -> RowMapping:
        row = await self.database.read(sessions.get, owner_id, upload_id)
        if row is None:
            raise NotFound("There is no such upload.")
        return row

    async def _delete_pieces(self, row: RowMapping) -> None:
        """The parts of a direct upload are kept under names of their own (`parts`)."""
        for name in [name for name, _ in row["pieces"]] if row["kind"] == "direct" else [row["upload_id"]]:
            await self.store.forget_pieces(name)


class _Full:
    """Where a body goes that nothing is missing of."""

    async def write(self, data: bytes) -> None:  # noqa: ARG002 - a sink
        raise TooManyBytes("The upload has all its bytes already.")


def is_whole(row: RowMapping) -> bool:
    """Whether every byte is here and no file was made of them yet."""
    return bool(row["state"] == "open" and row["kind"] == "file" and row["size"] == row["received"])


def fields_of(fields: rules.Fields) -> dict[str, Any]:
    """The optional fields as a row keeps them."""
    return asdict(fields)


def _begin(tx: Tx, new: NewSession, most: int) -> None:
    if sessions.count_open(tx, new.owner_id, most) >= most:
        raise TooMany(
            f"There are {most} unfinished uploads (FILEMILL_UNFINISHED_MOST); end some first.", retry_after_s=60
        )
    if (grant := grant_of(new.token)) is not None:
        tokens_repository.begin(tx, grant)
    sessions.add(tx, new)


def _settled(row: RowMapping, size: int | None) -> int | None:
    """The length of the whole: it may be said once."""
    if size is not None and row["size"] is not None and size != row["size"]:
        raise OffsetConflict("Upload-Length was said before, and was another number.")
    return row["size"] if size is None else size
