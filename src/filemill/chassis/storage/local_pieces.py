"""Bodies that arrive in several requests, in a local folder: one file each, which grows and at last becomes the blob.

What is durable is said by the caller's pieces, never by the file's length: a tail behind them, torn by a crash or left by a
writer who never said so, is cut off when the next one opens it. A writer holds a lock on the open file (flock(2)), so a
writer who was thought dead and wakes up cannot write into what another one writes; the lock dies with its process.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import structlog

from filemill.chassis.crash_points import crash_point
from filemill.chassis.durable_folder import make_durable, sync, sync_folder
from filemill.chassis.errors import Locked, NotFound, Unavailable
from filemill.chassis.storage.local_files import CHUNK_BYTES, peeked, translated
from filemill.chassis.storage.local_store import SMALL_MOST_BYTES, LocalStore
from filemill.chassis.storage.pieces import Piece, PieceWriter
from filemill.chassis.storage.store import Tap
from filemill.contracts.ids import is_id

CHECKPOINT_BYTES = 64 * 1024 * 1024
"""A crash costs its client at most this much again; a sync for each is not felt beside writing it."""
_NO_LINKS = frozenset({errno.EPERM, errno.EMLINK, errno.EXDEV, errno.ENOTSUP, errno.ENOSYS})

_log = structlog.get_logger()


class ResumingLocalStore(LocalStore):
    """See `store.Resumes`."""

    checkpoint_bytes = CHECKPOINT_BYTES

    async def extend(self, upload_id: str, pieces: Sequence[Piece], tap: Tap | None = None) -> PieceWriter:
        """See `Resumes.extend`."""
        size_bytes = sum(piece.size_bytes for piece in pieces)
        try:
            fd, is_new = await self.in_thread(_open_at, self._unfinished(upload_id), size_bytes)
        except OSError as error:
            raise translated(error) from error
        return _PieceWriter(self, self._unfinished(upload_id), fd, size_bytes, tap, is_new=is_new)

    async def read_pieces(self, upload_id: str, pieces: Sequence[Piece]) -> AsyncIterator[bytes]:
        """See `Resumes.read_pieces`."""
        at, end = 0, sum(piece.size_bytes for piece in pieces)
        try:
            fd = await self.in_thread(os.open, self._unfinished(upload_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotFound("The bytes of this upload are missing.") from None
        except OSError as error:
            raise translated(error) from error
        try:
            if os.fstat(fd).st_size < end:
                raise NotFound("The bytes of this upload are missing.")
            while at < end:
                chunk: bytes = await self.in_thread(os.pread, fd, min(CHUNK_BYTES, end - at), at)
                if not chunk:
                    raise Unavailable("The unfinished upload is shorter than it was.")
                at += len(chunk)
                yield chunk
        finally:
            os.close(fd)

    async def adopt(self, upload_id: str, pieces: Sequence[Piece], key: str) -> bool:
        """See `Resumes.adopt`: a second name for the file. A small body belongs with the other small ones."""
        size_bytes = sum(piece.size_bytes for piece in pieces)
        if size_bytes <= SMALL_MOST_BYTES:
            return False
        try:
            await self.in_thread(_name_too, self._unfinished(upload_id), self.path(key), size_bytes)
        except FileNotFoundError:
            raise NotFound("The bytes of this upload are missing.") from None
        except OSError as error:
            if error.errno in _NO_LINKS:
                return False
            raise translated(error) from error
        return True

    async def forget_pieces(self, upload_id: str) -> None:
        """See `Resumes.forget_pieces`."""
        try:
            await self.in_thread(self._unfinished(upload_id).unlink, missing_ok=True)
        except OSError as error:
            raise translated(error) from error

    def _unfinished(self, upload_id: str) -> Path:
        """The file of an upload. Raises `NotFound` for a text that is no id: such a text never becomes a path."""
        if not is_id(upload_id):
            raise NotFound("There is no such upload.")
        return self._root / "unfinished" / upload_id[-2:] / upload_id


class _PieceWriter:
    """Collects some bytes, then writes them in a thread."""

    def __init__(
        self, store: ResumingLocalStore, path: Path, fd: int, size_bytes: int, tap: Tap | None, *, is_new: bool
    ) -> None:
        self._store = store
        self._path = path
        self._fd = fd
        self._written_bytes = self._given_bytes = size_bytes
        self._tap = tap
        self._is_new = is_new
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._at_work: asyncio.Task[None] | None = None
        store.writing.add(self)

    async def write(self, data: bytes) -> None:
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= self._store.write_bytes:
            await self._on_disk(sync_too=False)

    def write_block(self, block: memoryview) -> None:
        """See `store.TakesBlocks`."""
        try:
            self._flush(False)
            self._put(block)
        except OSError as error:
            raise translated(error) from error

    def peek(self, start: int, length: int) -> bytes:
        """See `store.ShowsBytes`; counted from the first byte of the upload."""
        return peeked(self._fd, self._written_bytes, self._pending, start, length)

    async def checkpoint(self) -> tuple[Piece, ...]:
        await self._on_disk(sync_too=True)
        self._given_bytes = self._written_bytes
        return (Piece(self._path.name, self._written_bytes),) if self._written_bytes else ()

    async def finish(self) -> tuple[Piece, ...]:
        return await self.checkpoint()

    async def recorded(self) -> None:
        """Nothing was replaced."""

    async def close(self) -> None:
        self._store.writing.discard(self)
        if self._at_work is not None:
            # A cancelled write goes on in its thread, and must not write into whatever gets this descriptor next.
            await asyncio.wait({self._at_work})
        if self._fd >= 0:
            if self._written_bytes > self._given_bytes:
                with contextlib.suppress(OSError):  # the next writer cuts it off as well; this gives the room back now
                    os.ftruncate(self._fd, self._given_bytes)
            os.close(self._fd)
            self._fd = -1

    async def _on_disk(self, *, sync_too: bool) -> None:
        self._at_work = asyncio.create_task(self._store.in_thread(self._flush, sync_too))
        try:
            await asyncio.shield(self._at_work)
        except OSError as error:
            raise translated(error) from error

    def _flush(self, sync_too: bool) -> None:
        data = b"".join(self._pending)
        self._pending, self._pending_bytes = [], 0
        if data:
            self._put(memoryview(data))
        if sync_too:
            crash_point("store.piece.written")
            sync(self._fd, os.fdatasync)
            if self._is_new:
                sync_folder(self._path.parent)
                self._is_new = False
            crash_point("store.piece.stored")

    def _put(self, left: memoryview) -> None:
        if self._tap is not None:
            self._tap(left)
        while left:
            done = os.pwrite(self._fd, left, self._written_bytes)
            self._written_bytes += done
            left = left[done:]


def _open_at(path: Path, size_bytes: int) -> tuple[int, bool]:
    """(descriptor with the lock, whether the name is new), cut to what is durable."""
    make_durable(path.parent)
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if size_bytes == 0 else 0)
    try:
        fd = os.open(path, flags, 0o640)
    except FileNotFoundError:
        raise NotFound("The bytes of this upload are missing.") from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(retry_after_s=1) from None
        stat = os.fstat(fd)
        if stat.st_nlink == 0:
            raise NotFound("There is no such upload.")  # it was ended between opening and locking
        if stat.st_size < size_bytes:
            _log.error("storage.piece.short", size_bytes=stat.st_size, wanted_bytes=size_bytes)
            raise Unavailable("The unfinished upload is shorter than it was.")
        os.ftruncate(fd, size_bytes)
    except BaseException:
        os.close(fd)
        raise
    return fd, size_bytes == 0


def _name_too(source: Path, target: Path, size_bytes: int) -> None:
    """Give the file its name as a blob, durably. What lies behind the pieces must not come along."""
    if source.stat().st_size != size_bytes:
        os.truncate(source, size_bytes)
    os.utime(source)  # its age as a blob begins now: whoever removes old blobs without a row must leave it time for one
    make_durable(target.parent)
    os.link(source, target)
    sync_folder(target.parent)
    crash_point("store.piece.adopted")
