"""Bodies that arrive in several requests, in a bucket: objects of our own under `uploads/<upload>/`, one after another.

A piece is at least `PIECE_BYTES` long but for the last, the tail: the next writer, in whatever instance, reads the tail back
and writes it again with what follows, as a larger piece. Names are fresh, so two writers never touch the same object and the
caller's list decides which of them count. Nothing here relies on conditional writes, nor on the multipart uploads of S3,
which obstore does not hand out and other stores do not have; the price is one copy through this process at the end.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import obstore
import structlog

from filemill.chassis.crash_points import crash_point
from filemill.chassis.errors import FilemillError, NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.storage.pieces import Piece, PieceWriter
from filemill.chassis.storage.remote_body import CHUNK_BYTES, Buffers
from filemill.chassis.storage.remote_client import Remote
from filemill.chassis.storage.remote_reader import open_reader
from filemill.chassis.storage.store import Tap
from filemill.contracts.ids import is_id

PIECE_BYTES = 8 * 1024 * 1024
TAIL_MOST_BYTES = 5 * 1024 * 1024
"""A last piece below this is written again with what follows; a longer one stays as it is."""
BUFFER_BYTES = PIECE_BYTES + CHUNK_BYTES

_log = structlog.get_logger()


class RemotePieces:
    """See `store.Resumes`: the part of a remote store that does it."""

    checkpoint_bytes = 2 * PIECE_BYTES
    _remote: Remote
    _buffers: Buffers

    async def extend(self, upload_id: str, pieces: Sequence[Piece], tap: Tap | None = None) -> PieceWriter:
        """See `Resumes.extend`. The lock is the caller's: fresh names keep two writers apart."""
        writer = _PieceWriter(self._remote, self._buffers, _folder(upload_id), list(pieces), tap)
        try:
            await writer.take_up_tail()
        except BaseException:
            await writer.close()
            raise
        return writer

    async def read_pieces(self, upload_id: str, pieces: Sequence[Piece]) -> AsyncIterator[bytes]:
        """See `Resumes.read_pieces`."""
        folder = _folder(upload_id)
        for piece in pieces:
            async for chunk in _read(self._remote, folder, piece):
                yield chunk

    async def adopt(self, _upload_id: str, _pieces: Sequence[Piece], _key: str) -> bool:
        """See `Resumes.adopt`: never without a copy."""
        return False

    async def forget_pieces(self, upload_id: str) -> None:
        """See `Resumes.forget_pieces`. The listing is by path segment, so no other upload's name begins the same."""
        folder = _folder(upload_id)

        async def names() -> list[str]:
            return [one["path"] for one in await obstore.list(self._remote.once, folder).collect_async()]

        for name in await self._remote.ask("list", names):
            await _delete(self._remote, name)


class _PieceWriter:
    """Fills a piece in memory and sends it when it is full."""

    def __init__(self, remote: Remote, buffers: Buffers, folder: str, pieces: list[Piece], tap: Tap | None) -> None:
        self._remote = remote
        self._buffers = buffers
        self._folder = folder
        self._pieces = pieces
        self._tap = tap
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._untapped: list[bytes] = []
        self._replaced: list[Piece] = []
        self._unrecorded: list[Piece] = []
        buffers.take(BUFFER_BYTES)
        self._taken_bytes = BUFFER_BYTES

    async def take_up_tail(self) -> None:
        """Read a short last piece back, to write it again with what follows."""
        if not self._pieces or self._pieces[-1].size_bytes >= TAIL_MOST_BYTES:
            return
        tail = self._pieces[-1]
        self._pending = [chunk async for chunk in _read(self._remote, self._folder, tail)]
        self._pending_bytes = tail.size_bytes
        self._replaced.append(tail)

    async def write(self, data: bytes) -> None:
        self._pending.append(data)
        self._pending_bytes += len(data)
        self._untapped.append(data)
        if self._pending_bytes >= PIECE_BYTES:
            await self._send()

    async def checkpoint(self) -> tuple[Piece, ...]:
        return tuple(self._pieces)

    async def finish(self) -> tuple[Piece, ...]:
        if self._untapped:
            await self._send()
        return tuple(self._pieces)

    async def recorded(self) -> None:
        self._unrecorded = []
        if self._pieces and self._replaced and self._replaced[0] not in self._pieces:
            await self._drop(self._replaced)
            self._replaced = []

    async def close(self) -> None:
        self._buffers.give(self._taken_bytes)
        self._taken_bytes = 0
        self._pending, self._untapped = [], []
        await self._drop(self._unrecorded)
        self._unrecorded = []

    async def _send(self) -> None:
        body = b"".join(self._pending)
        if self._tap is not None:
            await asyncio.to_thread(self._tap, b"".join(self._untapped))
        piece = Piece(new_id(), len(body))
        self._unrecorded.append(piece)

        async def put() -> None:
            name = f"{self._folder}/{piece.name}"
            await obstore.put_async(self._remote.repeating, name, body, use_multipart=False)

        await self._remote.send("put", put)
        crash_point("store.piece.sent")
        if self._replaced and self._pieces and self._pieces[-1] == self._replaced[-1]:
            self._pieces.pop()
        self._pieces.append(piece)
        self._pending, self._pending_bytes, self._untapped = [], 0, []

    async def _drop(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            try:
                await _delete(self._remote, f"{self._folder}/{piece.name}")
            except FilemillError as error:
                # It goes with the rest, at the latest when the upload ends (`forget_pieces`).
                _log.warning("storage.piece.left", error=error.detail)


async def _read(remote: Remote, folder: str, piece: Piece) -> AsyncIterator[bytes]:
    reader = await open_reader(remote, f"{folder}/{piece.name}")
    try:
        if reader.size_bytes != piece.size_bytes:
            raise NotFound("The bytes of this upload are missing.")
        async for chunk in reader.read():
            yield chunk
    finally:
        await reader.close()


async def _delete(remote: Remote, name: str) -> None:
    async def delete() -> None:
        await obstore.delete_async(remote.once, name)

    try:
        await remote.ask("delete", delete)
    except NotFound:
        return  # gone already, which is what was wanted


def part_key(part: Piece) -> str:
    """Where a part lies that somebody else sends: the only piece of an upload of its own name."""
    return f"{_folder(part.name)}/{part.name}"


def _folder(upload_id: str) -> str:
    """Raises `NotFound` for a text that is no id: such a text never becomes an address."""
    if not is_id(upload_id):
        raise NotFound("There is no such upload.")
    return f"uploads/{upload_id}"
