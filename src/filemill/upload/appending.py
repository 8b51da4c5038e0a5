"""The bytes of one request, put behind those that an unfinished upload has: the one place where such a body is read.

A number of bytes is told to nobody before these bytes are durable and the row says so: at checkpoints, and at the end of the
request, also where it ends early because the client went away or fell silent. Bytes with a checksum count all or not at all.
"""

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect

from filemill.chassis.clock import unix_s
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database
from filemill.chassis.errors import Locked
from filemill.chassis.storage.pieces import Piece, PieceWriter, Resumes
from filemill.chassis.storage.store import ShowsBytes, TakesBlocks
from filemill.chassis.web.body import Body
from filemill.chassis.web.socket_threads import BlockTaker
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.upload import rules
from filemill.upload import sessions_repository as sessions
from filemill.upload.ends import Ends, KeptEnds, ShownEnds
from filemill.upload.errors import ChunkMismatch, TooManyBytes
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import HEAD_BYTES, sniff
from filemill.upload.tokens_repository import grant_of
from filemill.upload.turns import Turn
from filemill.upload.tus import Checksum

DIGESTS_MOST = 1000


@dataclass(slots=True)
class Digests:
    """How far this process has hashed some uploads: a request that follows the last one here goes on from there."""

    _known: "OrderedDict[str, tuple[int, hashlib._Hash]]" = field(default_factory=OrderedDict)

    def at(self, upload_id: str, received: int) -> "hashlib._Hash | None":
        """The SHA-256 of the first `received` bytes; None if it is not known here."""
        if received == 0:
            return hashlib.sha256()
        known = self._known.get(upload_id)
        return known[1].copy() if known is not None and known[0] == received else None

    def keep(self, upload_id: str, received: int, digest: "hashlib._Hash | None") -> None:
        """Remember it for the next request; the oldest is forgotten."""
        self._known.pop(upload_id, None)
        if digest is not None:
            self._known[upload_id] = (received, digest)
        if len(self._known) > DIGESTS_MOST:
            self._known.popitem(last=False)

    def forget(self, upload_id: str) -> None:
        """The upload ended."""
        self._known.pop(upload_id, None)


@dataclass(slots=True)
class Appending:
    """One request. `size` is the length of the whole upload, None while it is not said."""

    database: Database
    store: Resumes
    settings: UploadSettings
    room: Room
    digests: Digests
    turn: Turn
    size: int | None
    _seen: int = 0
    _recorded: int = 0
    _ends: Ends | None = None
    _grant: UploadGrant | None = None

    async def run(self, body: Body, checksum: Checksum | None) -> None:
        """Take the body. Raises `TooManyBytes`, `ChunkMismatch`, what `rules.check_kind` refuses, and what ended it early."""
        row = self.turn.row
        assert row is not None
        self._seen = self._recorded = row["received"]
        pieces = pieces_of(row)
        self._grant = grant_of(row["token"])
        digest = self.digests.at(self.turn.upload_id, self._seen)
        chunk_digest = (
            hashlib.new(checksum.algorithm) if checksum else None
        )  # sha1 is the client's choice, not our safety

        def tap(data: bytes | memoryview) -> None:
            for one in (digest, chunk_digest):
                if one is not None:
                    one.update(data)

        writer = await self.store.extend(self.turn.upload_id, pieces, tap)
        try:
            if row["kind"] == "file" and self._seen < HEAD_BYTES:
                self._ends = await self._ends_of(writer, pieces)
            try:
                await body.pour(_Filling(self, writer, checkpoints=checksum is None), self._waits)
            except (ClientDisconnect, TimeoutError):
                if checksum is None:
                    await self._record(writer, await writer.finish())
                    self.digests.keep(self.turn.upload_id, self._seen, digest)
                raise
            pieces = await writer.finish()
            if checksum and chunk_digest and not hmac.compare_digest(chunk_digest.digest(), checksum.digest):
                raise ChunkMismatch("The bytes of this request are not those of Upload-Checksum; none was kept.")
            await self._record(writer, pieces)
            self.digests.keep(self.turn.upload_id, self._seen, digest)
        finally:
            await writer.close()

    def _waits(self, patience: asyncio.Timeout | None) -> None:
        """A silence ends the body: sooner if another request wants the turn."""
        self.turn.patience = patience
        self.turn.waits_since = None if patience is None else time.monotonic()

    def see(self, chunk: bytes | memoryview) -> None:
        """Count the next bytes, before they are kept. Raises what refuses them."""
        most = rules.most_bytes(self.settings, self._grant) if self.size is None else self.size
        if self._seen + len(chunk) > most:
            if self.size is None:
                raise rules.too_large(self.settings, self._grant)
            raise TooManyBytes("The body goes beyond Upload-Length.")
        self.room.check()
        if self._ends is not None:
            self._ends.see(chunk)
        self._seen += len(chunk)

    @property
    def can_look(self) -> bool:
        """Whether enough is there to refuse it by its content, not only at the end."""
        return self._ends is not None and self._seen >= HEAD_BYTES

    def look(self) -> None:
        """Do so, blocking; once."""
        row, ends, self._ends = self.turn.row, self._ends, None
        assert row is not None
        assert ends is not None
        rules.check_kind(sniff(ends.head(), row["filename"]), row["filename"], self.settings, self._grant)

    async def save(self, writer: PieceWriter) -> None:
        """A checkpoint: what is here so far need not come again."""
        await self._record(writer, await writer.checkpoint())

    async def _ends_of(self, writer: PieceWriter, pieces: Sequence[Piece]) -> Ends:
        if isinstance(writer, ShowsBytes):
            return ShownEnds(writer)
        ends = KeptEnds()
        ends.see(await read_head(self.store, self.turn.upload_id, pieces))
        return ends

    async def _record(self, writer: PieceWriter, pieces: Sequence[Piece]) -> None:
        """Write down that these pieces are durable. Raises `Locked` if the turn was lost."""
        received = sum(piece.size_bytes for piece in pieces)
        expires_at = unix_s() + self.settings.unfinished_hours * 3600
        values: dict[str, Any] = {"received": received, "pieces": as_rows(pieces), "expires_at": expires_at}
        if self.size is not None:
            values["size"] = self.size
        crash_point("upload.session.appended")
        if not await self.database.write(
            "upload.session.advance", sessions.advance, self.turn.upload_id, self.turn.holder, values
        ):
            raise Locked("Another request has taken over this upload.", retry_after_s=1)
        self._recorded = received
        await writer.recorded()


class _Filling:
    """Where the body of one request goes: by the loop, or by a thread that is lent to the socket."""

    def __init__(self, appending: Appending, writer: PieceWriter, *, checkpoints: bool) -> None:
        self._appending = appending
        self._writer = writer
        self._unsaved_bytes = 0
        self._save_after_bytes = appending.store.checkpoint_bytes if checkpoints else None

    async def write(self, data: bytes) -> None:
        self._appending.see(data)
        await self._writer.write(data)
        if self._appending.can_look:
            await asyncio.to_thread(self._appending.look)
        if self._is_due(len(data)):
            await self._appending.save(self._writer)

    def block_taker(self) -> BlockTaker | None:
        """See `BlockSink`. The loop makes the checkpoints; the thread waits for it, so that nothing is written meanwhile."""
        writer, loop = self._writer, asyncio.get_running_loop()
        if not isinstance(writer, TakesBlocks):
            return None

        def take(block: memoryview) -> None:
            self._appending.see(block)
            writer.write_block(block)
            if self._appending.can_look:
                self._appending.look()
            if self._is_due(len(block)):
                asyncio.run_coroutine_threadsafe(self._appending.save(self._writer), loop).result()

        return take

    def _is_due(self, more_bytes: int) -> bool:
        self._unsaved_bytes += more_bytes
        if self._save_after_bytes is None or self._unsaved_bytes < self._save_after_bytes:
            return False
        self._unsaved_bytes = 0
        return True


def pieces_of(row: Any) -> tuple[Piece, ...]:
    """The pieces as a row has them."""
    return tuple(Piece(name, size_bytes) for name, size_bytes in row["pieces"])


def as_rows(pieces: Sequence[Piece]) -> list[list[Any]]:
    """The pieces as a row keeps them."""
    return [[piece.name, piece.size_bytes] for piece in pieces]


async def read_head(store: Resumes, upload_id: str, pieces: Sequence[Piece]) -> bytes:
    """The first bytes, as many as are looked at."""
    head = bytearray()
    if pieces:
        async for chunk in store.read_pieces(upload_id, pieces):
            head += chunk[: HEAD_BYTES - len(head)]
            if len(head) >= HEAD_BYTES:
                break
    return bytes(head)
