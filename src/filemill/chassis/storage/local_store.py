"""The store in a local folder: small bodies as rows of one SQLite file, larger ones as files of their own.

A body of at most `SMALL_MOST_BYTES` never touches a file: many of them share one commit. A larger one is written beside its
place, synced, renamed, and its folder synced. Partial files carry their writer's identity, so those of a dead process can
be swept at once. An fsync that fails ends the process: nobody knows then what is on the disk.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from filemill.chassis import process_identity
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database
from filemill.chassis.durable_folder import make_durable, sync, sync_folder
from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.storage.compressed_forms import CompressedForms
from filemill.chassis.storage.keys import COMPRESSED_SUFFIX, is_form
from filemill.chassis.storage.local_files import (
    CHUNK_BYTES,
    files_in,
    link_or_copy,
    peeked,
    sweep_partials,
    translated,
    unlink,
    write_all,
)
from filemill.chassis.storage.small_bodies import SmallBodies
from filemill.chassis.storage.store import BlobInfo, BlobReader, BlobWriter, Tap

SMALL_MOST_BYTES = 64 * 1024
WRITE_MOST_BYTES = 256 * 1024
HELD_BYTES = 32 * 1024 * 1024
"""What bodies on their way may hold in memory together, about: with many of them each goes to its file in smaller steps."""
THREADS = 8

P = ParamSpec("P")
T = TypeVar("T")


class LocalStore(CompressedForms):
    """See `store.BlobStore`, `store.Compresses`. `small` is a database of the store's own."""

    def __init__(self, root: Path, small: Database) -> None:
        self._root = root
        self._small = SmallBodies(small)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")
        self.writing: set[object] = set()

    @property
    def root(self) -> Path:
        """See `InFolder.root`."""
        return self._root

    async def create_form(self, name: str, tap: Tap | None = None) -> BlobWriter:
        """See `CompressedForms.create_form`."""
        return _LocalWriter(self, name, tap)

    async def open_form(self, name: str) -> BlobReader:
        """See `CompressedForms.open_form`."""
        path = self.path(name)
        try:
            fd = await self.in_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return _SmallReader(await self._small.get(name))
        except OSError as error:
            raise translated(error) from error
        return _FileReader(self, fd)

    async def fetch_form(self, name: str, target: Path) -> None:
        """See `CompressedForms.fetch_form`."""
        try:
            await self.in_thread(link_or_copy, self.path(name), target)
        except FileNotFoundError:
            await self.in_thread(target.write_bytes, await self._small.get(name))
        except OSError as error:
            raise translated(error) from error

    async def delete_forms(self, names: Sequence[str]) -> bool:
        """See `CompressedForms.delete_forms`."""
        found = await self.in_thread(unlink, [self.path(name) for name in names])
        found += await self._small.delete(names)
        return found > 0

    async def has_form(self, name: str) -> bool:
        """See `CompressedForms.has_form`."""
        if await self.in_thread(self.path(name).exists):
            return True
        return await self._small.count([name]) > 0

    async def list_forms(self) -> AsyncIterator[BlobInfo]:
        """See `CompressedForms.list_forms`."""
        for folder in await self.in_thread(lambda: sorted((self._root / "blobs").glob("*"))):
            for info in await self.in_thread(files_in, folder):
                yield info
        for info in await self._small.infos():
            plain = info.key.removesuffix(COMPRESSED_SUFFIX)
            if info.key == plain or not await self.in_thread(self.path(plain).exists):
                yield info

    async def check(self) -> None:
        """See `BlobStore.check`."""
        if not await self.in_thread(os.access, self._root, os.W_OK):
            raise Unavailable("The storage folder cannot be written.")

    async def close(self) -> None:
        """See `BlobStore.close`."""
        await self._small.close()
        self._threads.shutdown(wait=True)

    async def sweep_partials(self) -> int:
        """Delete what dead writers left half-written; returns how many files that were."""
        return await self.in_thread(sweep_partials, self._root / "partial")

    # for the writers

    def path(self, name: str) -> Path:
        """The file of a form. Raises `NotFound` for a text that names none: such a text never becomes a path."""
        if not is_form(name):
            raise NotFound("The stored bytes are missing.")
        return self._root / name

    def partial_path(self) -> Path:
        """A fresh place to write to, on the same file system."""
        folder = self._root / "partial"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{process_identity.me().replace('/', '_')}~{new_id()}"

    @property
    def write_bytes(self) -> int:
        """So much is worth a write of its own; more writers at work, less."""
        return max(SMALL_MOST_BYTES, min(WRITE_MOST_BYTES, HELD_BYTES // (len(self.writing) + 1)))

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking file work on the store's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **kwargs))

    async def put_small(self, key: str, body: bytes) -> None:
        """Store a small body, durable on return."""
        await self._small.put(key, body)


class _LocalWriter:
    """Collects a small body in memory; spills into a file once it grows."""

    def __init__(self, store: LocalStore, key: str, tap: Tap | None) -> None:
        self._store = store
        self._key = key
        self._tap = tap
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._partial: Path | None = None
        self._fd = -1
        self._filed_bytes = 0
        self._at_work: asyncio.Task[None] | None = None
        store.writing.add(self)

    async def write(self, data: bytes) -> None:
        self._pending.append(data)
        self._pending_bytes += len(data)
        limit = SMALL_MOST_BYTES if self._partial is None else self._store.write_bytes
        if self._pending_bytes > limit:
            await self._on_disk(self._flush)

    def write_block(self, block: memoryview) -> None:
        """See `store.TakesBlocks`."""
        if self._partial is None and self._pending_bytes + len(block) <= SMALL_MOST_BYTES:
            self._pending.append(bytes(block))
            self._pending_bytes += len(block)
            return
        try:
            self._flush()
            if self._tap:
                self._tap(block)
            self._put([block])
        except OSError as error:
            raise translated(error) from error

    def peek(self, start: int, length: int) -> bytes:
        """See `store.ShowsBytes`."""
        return peeked(self._fd, self._filed_bytes, self._pending, start, length)

    async def commit(self) -> None:
        self._store.writing.discard(self)
        if self._partial is None:
            body = b"".join(self._pending)
            if self._tap:
                self._tap(body)
            await self._store.put_small(self._key, body)
            crash_point("store.small.stored")
            return
        await self._on_disk(self._finish)

    async def abort(self) -> None:
        self._store.writing.discard(self)
        if self._at_work is not None:
            # A cancelled write goes on in its thread. Closing the descriptor under it would let it write into whatever
            # file gets that number next.
            await asyncio.wait({self._at_work})
        self._pending.clear()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._partial is not None:
            with contextlib.suppress(OSError):  # the sweeper of partial files gets what cannot be deleted now
                self._partial.unlink()
            self._partial = None

    async def _on_disk(self, work: Callable[[], None]) -> None:
        self._at_work = asyncio.create_task(self._store.in_thread(work))
        try:
            await asyncio.shield(self._at_work)
        except OSError as error:
            raise translated(error) from error

    def _flush(self) -> None:
        if self._partial is None:
            self._partial = self._store.partial_path()
            self._fd = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        for data in self._pending:
            if self._tap:
                self._tap(data)
        self._put(self._pending)
        self._pending = []
        self._pending_bytes = 0

    def _put(self, parts: Sequence[bytes | memoryview]) -> None:
        write_all(self._fd, parts)
        self._filed_bytes += sum(map(len, parts))

    def _finish(self) -> None:
        assert self._partial is not None
        self._flush()
        crash_point("store.file.written")
        sync(self._fd, os.fdatasync)
        os.close(self._fd)
        self._fd = -1
        target = self._store.path(self._key)
        make_durable(target.parent)
        self._partial.rename(target)
        self._partial = None
        sync_folder(target.parent)
        crash_point("store.file.stored")


class _FileReader:
    def __init__(self, store: LocalStore, fd: int) -> None:
        self._store = store
        self._fd = fd
        self.size_bytes = os.fstat(fd).st_size

    async def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        end = self.size_bytes if length is None else min(self.size_bytes, start + length)
        while start < end:
            chunk: bytes = await self._store.in_thread(os.pread, self._fd, min(CHUNK_BYTES, end - start), start)
            if not chunk:
                raise Unavailable("The stored file is shorter than it was.")
            start += len(chunk)
            yield chunk

    def fileno(self) -> int:
        """See `store.HasDescriptor`."""
        return self._fd

    async def close(self) -> None:
        os.close(self._fd)


class _SmallReader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self.size_bytes = len(body)

    async def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        yield self._body[start : None if length is None else start + length]

    async def close(self) -> None:
        self._body = b""
