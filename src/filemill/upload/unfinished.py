"""Uploads that arrive in several requests: they begin, go on, and end as one file or as nothing.

A whole upload becomes a file in the transaction that also marks it done, so there is one file however often its last request
is repeated or killed. SHA-256 goes on from request to request within a process; where another process goes on, it is taken
once over the whole at the end (a hash's state cannot be saved). What is refused for good is forgotten at once.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import RowMapping

from filemill.chassis.clock import unix_s
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import FilemillError, Forbidden, Locked, NotFound, TooMany, Unavailable
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.pieces import Resumes
from filemill.chassis.storage.store import drain
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.upload import rules, tokens_repository
from filemill.upload import sessions_repository as sessions
from filemill.upload.appending import Appending, Digests, pieces_of, read_head
from filemill.upload.errors import (
    ChunkMismatch,
    ContentMismatch,
    FileTooLarge,
    OffsetConflict,
    TooManyBytes,
    TypeNotAllowed,
)
from filemill.upload.intake import BodySink, Intake, StoredBody
from filemill.upload.polyglots import TAIL_BYTES
from filemill.upload.sessions_repository import NewSession
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import sniff
from filemill.upload.tokens_repository import grant_of
from filemill.upload.turns import Turn, Turns
from filemill.upload.tus import Checksum

_FOR_GOOD = (ContentMismatch, TypeNotAllowed, FileTooLarge, NotFound)
"""What no further byte can mend."""
AT_ONCE_MOST = 20
"""Of each kind of forgotten upload, in one round of the keeper."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Whole:
    """Redeemed in the file's own transaction: the upload is this file from now on."""

    turn: Turn

    def redeem(self, tx: Tx, file_id: str) -> None:
        done = {"state": "done", "file_id": file_id, "holder": None, "held_until": 0.0}
        if not sessions.advance(tx, self.turn.upload_id, self.turn.holder, done):
            raise Locked("Another request has taken over this upload.", retry_after_s=1)


@dataclass(frozen=True, slots=True)
class _Born:
    """Redeemed likewise, for an upload that began and ended in one request."""

    new: NewSession

    def redeem(self, tx: Tx, file_id: str) -> None:
        sessions.add(tx, replace(self.new, state="done", file_id=file_id))


@dataclass(frozen=True, slots=True)
class _Checking:
    """Hashes what it passes on, by the algorithm a client chose."""

    sink: BodySink
    digest: "hashlib._Hash"

    async def write(self, data: bytes) -> None:
        await asyncio.to_thread(self.digest.update, data)
        await self.sink.write(data)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The uploads under way. `store` is the store of `intake`."""

    database: Database
    store: Resumes
    intake: Intake
    settings: UploadSettings
    turns: Turns
    digests: Digests = field(default_factory=Digests)

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

    async def arrive_whole(self, caller: Caller, new: NewSession, body: Body, checksum: Checksum | None) -> str:
        """An upload that comes whole with the request that begins it goes the way of every other file. Returns the file."""
        sink = await self.intake.sink(grant_of(new.token))
        try:
            sink.named(new.filename)
            if checksum is None:
                await body.pour(sink)
            else:
                await self._pour_checked(body, sink, checksum)
            stored = await sink.finish()
        except BaseException:
            await sink.abort()
            raise
        born = _Born(replace(new, received=stored.size))
        return await self._accept(caller, new.filename, new.fields, stored, born, grant_of(new.token))

    async def concatenate(self, caller: Caller, new: NewSession, parts: list[str]) -> str:
        """Make one file of finished partial uploads, in this order. Returns the file."""
        rows = [await self._part(caller.owner_id, upload_id) for upload_id in parts]
        size = sum(row["received"] for row in rows)
        if size > self.settings.max_file_bytes:
            raise rules.too_large(self.settings)
        rules.check_length(str(size), self.settings, self.intake.room)
        stored = await self._copy(new.filename, rows, None)
        return await self._accept(
            caller, new.filename, new.fields, stored, _Born(replace(new, size=size, received=stored.size)), None
        )

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

    async def make_file(self, caller: Caller, turn: Turn, body: StoredBody) -> None:
        """The upload of this turn becomes a file with these bytes, which ends both."""
        row = turn.row
        assert row is not None
        await self._accept(caller, row["filename"], row["fields"], body, _Whole(turn), grant_of(row["token"]))

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
            await self.make_file(caller, turn, await self._stored(row))
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

    # from pieces to a file

    async def _accept(
        self,
        caller: Caller,
        filename: str,
        fields: Mapping[str, Any],
        body: StoredBody,
        ticket: _Whole | _Born,
        grant: UploadGrant | None,
    ) -> str:
        crash_point("upload.session.sealed")
        try:
            row = await self.intake.accept(caller, filename, body, rules.Fields(**fields), ticket, grant)
        except Unavailable:
            raise  # it may be committed all the same: a blob of nobody's is better than a row without its bytes
        except Exception:
            await self.intake.discard(body)
            raise
        crash_point("upload.session.completed")
        file_id: str = row["file_id"]
        return file_id

    async def _stored(self, row: RowMapping) -> StoredBody:
        """The whole body as a blob: by another name where the store can, else copied."""
        upload_id, pieces, key = row["upload_id"], pieces_of(row), new_key()
        head = await read_head(self.store, upload_id, pieces)
        kind = sniff(head, row["filename"])
        most_bytes = rules.check_kind(kind, row["filename"], self.settings, grant_of(row["token"]))
        if row["received"] > most_bytes:
            raise rules.too_large_for(kind, most_bytes)
        if not await self.store.adopt(upload_id, pieces, key):
            return await self._copy(row["filename"], [row], grant_of(row["token"]))
        digest = self.digests.at(upload_id, row["received"])
        if digest is None:
            digest = hashlib.sha256()
            async for chunk in self.store.read_pieces(upload_id, pieces):
                await asyncio.to_thread(digest.update, chunk)
        stored = StoredBody(key, row["received"], digest.hexdigest(), kind)
        try:
            tail = await self._tail_of(key, row["received"])
            warnings = rules.check_ends(head, tail, kind, row["filename"], self.settings)
        except BaseException:
            await self.intake.discard(stored)
            raise
        return replace(stored, warnings=warnings)

    async def _tail_of(self, key: str, size_bytes: int) -> bytes:
        reader = await self.intake.open(key)
        start = max(0, size_bytes - TAIL_BYTES)
        return b"".join([chunk async for chunk in drain(reader, start, size_bytes - start)])

    async def _pour_checked(self, body: Body, sink: BodySink, checksum: Checksum) -> None:
        checking = _Checking(sink, hashlib.new(checksum.algorithm))
        await body.pour(checking)
        if not hmac.compare_digest(checking.digest.digest(), checksum.digest):
            raise ChunkMismatch("The bytes of this request are not those of Upload-Checksum; none was kept.")

    async def _copy(self, filename: str, rows: list[RowMapping], grant: UploadGrant | None) -> StoredBody:
        sink = await self.intake.sink(grant)
        try:
            sink.named(filename)
            for row in rows:
                async for chunk in self.store.read_pieces(row["upload_id"], pieces_of(row)):
                    await sink.write(chunk)
            return await sink.finish()
        except BaseException:
            await sink.abort()
            raise

    async def _part(self, owner_id: str, upload_id: str) -> RowMapping:
        row = await self.database.read(sessions.get, owner_id, upload_id)
        if row is None or row["kind"] != "partial" or row["received"] != row["size"]:
            raise NotFound("Upload-Concat names an upload that is not here, is no partial one, or is not finished.")
        return row

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
