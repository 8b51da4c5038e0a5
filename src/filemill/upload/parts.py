"""Uploads whose bytes go to the store without us: signed addresses for the parts first, then a check of what lies there.

Each part is kept under an id of its own and may be sent again until the upload is completed. Where its hash was announced,
other bytes are refused as they come; a store that cannot do that is found out at the end. Then all of them are read once,
counted, hashed and copied into a fresh blob, so whoever still has an address can change nothing about the file. A small upload
is checked while its client waits; one over `FILEMILL_VERIFY_AT_ONCE_BYTES` is `verifying` until a loop in some instance did it.
On failure: what contradicts itself ends as `failed` with the reason and its bytes are deleted; nothing else does.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import RowMapping

from filemill.chassis.clock import unix_s
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database
from filemill.chassis.errors import FilemillError, Locked, NotFound
from filemill.chassis.storage.pieces import Piece, PieceWriter, Resumes
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller
from filemill.upload import sessions_repository as sessions
from filemill.upload.appending import pieces_of
from filemill.upload.body_sink import BodySink, StoredBody
from filemill.upload.errors import ChecksumMismatch, PartsMissing
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from filemill.upload.tokens_repository import grant_of
from filemill.upload.turns import Turn, Turns, at_work
from filemill.upload.unfinished import Unfinished

LOOK_EVERY_S = 5.0
PART_HASHES = "part_sha256"
"""In what is remembered of a direct upload (`told`): the hashes of its parts."""
VERIFIED_AT_ONCE = 2
LOOKED_AT_MOST = 100

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _InRoom:
    """Passes bytes on while there is room."""

    writer: PieceWriter
    room: Room

    async def write(self, data: bytes) -> None:
        self.room.check()
        await self.writer.write(data)


@dataclass(slots=True)
class Parts:
    """The direct uploads. `unfinished` makes files; `run` is the loop that checks large ones."""

    unfinished: Unfinished
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def store(self) -> Resumes:
        return self.unfinished.store

    @property
    def settings(self) -> UploadSettings:
        return self.unfinished.settings

    @property
    def _database(self) -> Database:
        return self.unfinished.database

    @property
    def _turns(self) -> Turns:
        return self.unfinished.turns

    async def row(self, owner_id: str, upload_id: str) -> RowMapping:
        """One direct upload. Raises `NotFound`."""
        row = await self._database.read(sessions.get, owner_id, upload_id)
        if row is None or row["kind"] != "direct":
            raise NotFound("There is no such upload.")
        return row

    async def open_part(self, upload_id: str, number: int) -> Piece:
        """The part that a signed address of ours leads to. Raises `NotFound` unless it is still awaited."""
        row = await self._database.read(sessions.get_open, upload_id)
        if row is None or row["kind"] != "direct" or not 1 <= number <= len(row["pieces"]):
            raise NotFound("There is no such upload, or it was completed.")
        return _announced_in(row)[number - 1]

    async def receive(self, piece: Piece, body: Body) -> None:
        """Keep the bytes of one part, instead of those it had. What does not come whole is not kept.

        Raises `ChecksumMismatch` for other bytes than were announced; neither are those that the part had.
        """
        digest = None if piece.sha256 is None else hashlib.sha256()
        writer = await self.store.extend(piece.name, (), digest.update if digest else None)
        try:
            await body.pour(_InRoom(writer, self.unfinished.intake.room))
            await writer.finish()
            if digest is not None and digest.hexdigest() != piece.sha256:
                raise ChecksumMismatch(f"This part has the SHA-256 {digest.hexdigest()}; {piece.sha256} was announced.")
            crash_point("upload.direct.part")
            await writer.recorded()
        except BaseException:
            await writer.close()
            await self.store.forget_pieces(piece.name)
            raise
        await writer.close()

    async def complete(self, caller: Caller, upload_id: str) -> RowMapping:
        """Check what lies in the store and make the file; or say that it will be done (`verifying`). May be repeated.

        Raises `PartsMissing`, `ChecksumMismatch`, the refusals of every upload.
        """
        row = await self.row(caller.owner_id, upload_id)
        if row["state"] in ("done", "verifying"):
            return row
        turn = await self._turns.take(caller.owner_id, upload_id)
        if row["size"] <= self.settings.verify_at_once_bytes:
            return await self._verify(caller, turn)
        try:
            await self._must_be_there(turn)
            values = {"state": "verifying", "expires_at": unix_s() + self.settings.unfinished_hours * 3600}
            await self._database.write("upload.direct.verifying", sessions.advance, upload_id, turn.holder, values)
        finally:
            await self._turns.give_back(turn)
        self._wake.set()
        return await self.row(caller.owner_id, upload_id)

    async def run(self) -> None:
        """Check what waits to be checked, for ever: also what another instance left when it died."""
        while True:
            self._wake.clear()
            rows = await self._database.read(sessions.to_verify, unix_s(), LOOKED_AT_MOST)
            waiting = [row for row in rows if not at_work(row)][:VERIFIED_AT_ONCE]
            await asyncio.gather(*(self._verify_one(row) for row in waiting))
            if not waiting:
                try:
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def _verify_one(self, row: RowMapping) -> None:
        upload_id, caller = row["upload_id"], Caller(row["owner_id"], is_admin=False, address=row["client_address"])
        try:
            await self._verify(caller, await self._turns.take(caller.owner_id, upload_id))
        except (Locked, NotFound):
            return  # somebody else is at it, or it was ended
        except FilemillError as error:
            if error.retryable:
                raise  # the loop is tried again later, and says so in the health
            _log.info("upload.direct.refused", upload_id=upload_id, code=error.code)

    async def _verify(self, caller: Caller, turn: Turn) -> RowMapping:
        """In a turn, which this ends."""
        row = turn.row
        assert row is not None
        if row["state"] not in ("open", "verifying"):
            await self._turns.give_back(turn)
            return row
        try:
            stored = await self._copied(row)
            if row["sha256"] not in (None, stored.sha256):
                await self.unfinished.intake.discard(stored)
                raise ChecksumMismatch(f"The bytes in the store have the SHA-256 {stored.sha256}.")
            await self.unfinished.completing.make_file(caller, turn, stored)
        except PartsMissing:
            if row["state"] == "verifying":
                await self._end(turn, "open", None)  # somebody deleted a part meanwhile: it can be sent again
            else:
                await self._turns.give_back(turn)
            raise
        except FilemillError as error:
            if error.retryable:
                await self._turns.give_back(turn)
            else:
                reason = {"code": error.code, "detail": error.detail, "retryable": False}
                await self._end(turn, "failed", reason)
                await self.unfinished.forget_pieces(row)
            raise
        except BaseException:
            await self._turns.give_back(turn)
            raise
        self._turns.ended(turn)
        await self.unfinished.forget_pieces(row)
        return await self.row(caller.owner_id, turn.upload_id)

    async def _copied(self, row: RowMapping) -> StoredBody:
        """Read every part once into a blob of its own."""
        sink = await self.unfinished.intake.sink(grant_of(row["token"]), spooled=False)
        try:
            sink.named(row["filename"])
            for number, piece in enumerate(_announced_in(row), 1):
                await self._copy_part(number, piece, sink, is_whole=len(row["pieces"]) == 1)
            stored = await sink.finish()
        except BaseException:
            await sink.abort()
            raise
        crash_point("upload.direct.verified")
        return stored

    async def _copy_part(self, number: int, piece: Piece, sink: BodySink, *, is_whole: bool) -> None:
        """Pass a part on to the sink, which hashes the whole itself. Raises `PartsMissing`."""
        digest = None if piece.sha256 is None or is_whole else hashlib.sha256()
        try:
            async for chunk in self.store.read_pieces(piece.name, [piece]):
                if digest is not None:
                    await asyncio.to_thread(digest.update, chunk)
                await sink.write(chunk)
        except NotFound:
            raise PartsMissing(f"Part {number} is not there with {piece.size_bytes} bytes.") from None
        if digest is not None and digest.hexdigest() != piece.sha256:
            raise PartsMissing(f"Part {number} is there with other bytes than were announced; send it again.")

    async def _must_be_there(self, turn: Turn) -> None:
        """Say at once what is missing, before anybody waits for the check: the first bytes of each part are looked at."""
        assert turn.row is not None
        for number, piece in enumerate(pieces_of(turn.row), 1):
            chunks = aiter(self.store.read_pieces(piece.name, [piece]))
            try:
                await anext(chunks)
            except NotFound:
                raise PartsMissing(f"Part {number} is not there with {piece.size_bytes} bytes.") from None
            finally:
                await chunks.aclose()  # type: ignore[attr-defined]

    async def _end(self, turn: Turn, state: str, reason: dict[str, Any] | None) -> None:
        values = {"state": state, "reason": reason, "holder": None, "held_until": 0.0}
        await self._database.write("upload.direct.end", sessions.advance, turn.upload_id, turn.holder, values)
        self._turns.ended(turn)


def announced(pieces: Sequence[Sequence[Any]], told: Mapping[str, Any], sha256: str | None) -> list[Piece]:
    """The parts with what was announced of them. Of a single one the hash is that of the file (`sha256`)."""
    parts = [Piece(*piece) for piece in pieces]
    hashes = told.get(PART_HASHES) or ([sha256] if len(parts) == 1 else [None] * len(parts))
    return [replace(part, sha256=one) for part, one in zip(parts, hashes, strict=True)]


def _announced_in(row: RowMapping) -> list[Piece]:
    return announced(row["pieces"], row["told"], row["sha256"])
