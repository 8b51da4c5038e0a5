"""The spool: where the bytes of uploads wait, durable, while the store is away (`FILEMILL_SPOOL_DIR`, a persistent volume).

It is a local store of its own, so a spooled body is as safe as a stored one; the row in `spooled`, written with the file's
row in one transaction, is what makes it count, and survives the process. A body without a row (a crash between the two) was
never acknowledged and is swept. The volume carries an id, so the instance that has it now finds its rows, whoever wrote
them. `spool_carrying` brings them to the store.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog
from prometheus_client import Gauge

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database
from filemill.chassis.durable_folder import make_durable, sync, sync_folder
from filemill.chassis.errors import StartError, StorageFull, Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.storage.store import BlobReader, BlobStore, BlobWriter, SweepsPartials, Tap
from filemill.chassis.telemetry import request_context
from filemill.contracts.upload import FileUploaded
from filemill.upload import spooled_repository
from filemill.upload.room import Volume

BATCH_MOST = 50
SWEEP_EVERY_S = 60.0
ORPHAN_GRACE = timedelta(hours=1)

HELD = Gauge("filemill_upload_spool_bytes", "Bytes in this spool.")
_log = structlog.get_logger()


class SpoolStore(BlobStore, SweepsPartials, Protocol):
    """What a spool is made of."""


class Spool:
    """One volume. `most_bytes` bounds what waits in it."""

    def __init__(
        self,
        folder: Path,
        local: SpoolStore,
        database: Database,
        most_bytes: int,
        floor_bytes: int | None,
    ) -> None:
        self.spool_id = _id_of(folder)
        self._folder = folder
        self._local = local
        self._database = database
        self._most_bytes = most_bytes
        self._volume = Volume(folder, floor_bytes)
        self._coming_bytes = 0
        self._kept_bytes: int | None = None  # None until they were counted
        self._counting = asyncio.Lock()
        self._swept_at_s = float("-inf")
        self.news = asyncio.Event()

    # for an upload

    async def create(self, key: str, tap: Tap) -> BlobWriter:
        """Begin a body."""
        async with self._counting:
            if self._kept_bytes is None:
                await self._count()
        return _SpoolWriter(self, await self._local.create(key, tap))

    def reserve(self, size_bytes: int) -> None:
        """Room for so many bytes that come. Raises `StorageFull` once the spool has none."""
        if self._held_bytes + size_bytes > self._most_bytes:
            raise StorageFull("The spool is full.")
        self._volume.check(size_bytes)
        self._coming_bytes += size_bytes

    def came(self, size_bytes: int, *, kept: bool) -> None:
        """They do not come any more: they are kept, or were given up."""
        self._coming_bytes -= size_bytes
        self._kept_bytes = (self._kept_bytes or 0) + (size_bytes if kept else 0)

    @property
    def _held_bytes(self) -> int:
        return self._coming_bytes + (self._kept_bytes or 0)

    def row_of(self, uploaded: FileUploaded) -> dict[str, Any]:
        """What goes into `spooled` with the file's own row."""
        context = request_context.current()
        return {
            "file_id": uploaded.file_id,
            "spool_id": self.spool_id,
            "storage_key": uploaded.storage_key,
            "size": uploaded.size,
            "sha256": uploaded.sha256,
            "uploaded": uploaded.model_dump(mode="json", exclude_none=True),
            "request_id": context.request_id if context else None,
            "traceparent": context.traceparent if context else None,
        }

    async def discard(self, key: str, size_bytes: int) -> None:
        """The bytes turned out to belong to no file."""
        if await self._local.delete(key):
            self._kept_bytes = max(0, (self._kept_bytes or 0) - size_bytes)

    # for a download

    async def open(self, key: str) -> BlobReader:
        """A body that waits here. Raises `NotFound` if it does not."""
        return await self._local.open(key)

    # for the health of the service

    async def check(self) -> str | None:
        """What waits, in words. Raises `Unavailable` when nothing more can be taken."""
        await self._local.check()
        if self._held_bytes >= self._most_bytes:
            raise Unavailable("The spool is full; while the store is away uploads are refused.")
        rows = await self._database.read(spooled_repository.lying_in, self.spool_id, "", BATCH_MOST)
        return f"{len(rows)}{'+' if len(rows) == BATCH_MOST else ''} files wait for the store" if rows else None

    # for whoever brings it to the store

    def wake(self) -> None:
        """Something was spooled."""
        self.news.set()

    async def sweep(self) -> None:
        """Delete bodies that no row needs, after a grace: an upload writes its row a moment after its body."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._swept_at_s < SWEEP_EVERY_S:
            return
        self._swept_at_s = loop.time()
        await self._local.sweep_partials()
        old = [info async for info in self._local.list() if info.modified_at < now() - ORPHAN_GRACE]
        for start in range(0, len(old), BATCH_MOST):
            batch = old[start : start + BATCH_MOST]
            needed = await self._database.read(spooled_repository.needed, [info.key for info in batch])
            for info in batch:
                if info.key not in needed:
                    await self._local.delete(info.key)
        await self._count()

    async def _count(self) -> None:
        self._kept_bytes = sum([info.size_bytes async for info in self._local.list()])
        HELD.set(self._kept_bytes)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Whether this process is the one that works on the volume now; the kernel frees the lock of a killed one."""
        with (self._folder / "working").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    async def close(self) -> None:
        """Let go of the volume."""
        await self._local.close()


class _SpoolWriter:
    """A body on its way into the spool, counted."""

    def __init__(self, spool: Spool, writer: BlobWriter) -> None:
        self._spool = spool
        self._writer = writer
        self._size = 0

    async def write(self, data: bytes) -> None:
        self._spool.reserve(len(data))
        self._size += len(data)
        await self._writer.write(data)

    async def commit(self) -> None:
        await self._writer.commit()
        self._spool.came(self._size, kept=True)
        self._size = 0

    async def abort(self) -> None:
        self._spool.came(self._size, kept=False)
        self._size = 0
        await self._writer.abort()


def _id_of(folder: Path) -> str:
    """The id on the volume, written the first time it is used. Raises `StartError` if it cannot be."""
    path = folder / "spool-id"
    try:
        make_durable(folder)
        with (folder / "working").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two processes may meet a new volume at once
            if not path.exists():
                fresh = folder / "spool-id.new"
                with fresh.open("w", encoding="ascii") as file:
                    file.write(new_id())
                    file.flush()
                    sync(file.fileno(), os.fsync)
                fresh.rename(path)
                sync_folder(folder)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StartError(f"FILEMILL_SPOOL_DIR: {folder} cannot be used: {error.strerror}") from error
