"""Compresses blobs in the store, in the background, one at a time: those that lose at least a tenth of their size by it.

Never during intake: a blob is left alone until it is some time old. Then each one is looked at once. What is compressed
already by its type is passed over; of the others the first frame decides, and at last the whole. The compressed form is
written beside the plain one, read back and hashed against the row; then one transaction says so and names the plain form
for removal after a grace, in which who reads it can finish. A kill anywhere leaves the blob readable and is done over.
Not for: texts and renditions (processing's), bodies in a spool.
On failure: the blob stays as it is; it is tried again later, and the others are not held up by it.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from prometheus_client import Counter

from filemill.chassis import process_identity
from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database
from filemill.chassis.errors import FilemillError, NotFound, StorageFull, Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.storage.seekable import FRAME_BYTES, Damaged, Frame, SeekTable, compress_frame
from filemill.chassis.storage.store import BlobReader, BlobStore, BlobWriter, Compresses, IsCompressed
from filemill.upload import compression_repository as rows
from filemill.upload import stored_forms
from filemill.upload.compressible import may_compress
from filemill.upload.compression_repository import Candidate
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings

EVERY_S = 30.0
HOLD_S = 120.0
KEEP_AFTER_S = 30.0
AGAIN_AFTER_S = 3600.0
GRACE_S = 3600.0
"""How long the plain form stays. A link of the store works for a minute; a slow reader of a local file needs none of it."""
SHARE = 0.25
"""At most this part of one core's time: after each frame it rests in proportion."""
WORTH = 0.9
"""Of its size: what compresses to more stays as it is."""

BLOBS = Counter("filemill_upload_compression_blobs_total", "Blobs looked at.", ["outcome"])
SAVED = Counter("filemill_upload_compression_saved_bytes_total", "Bytes that compressed blobs take less.")
_log = structlog.get_logger()


class _Lost(Exception):
    """Somebody else holds the blob, or it is purged."""


class CompressingStore(BlobStore, Compresses, Protocol):
    """A store that can keep a blob in either form."""


@dataclass(frozen=True, slots=True)
class Compressor:
    """Several may run, in any number of processes: each blob has one at a time. Times in seconds."""

    database: Database
    store: CompressingStore
    settings: UploadSettings
    room: Room
    grace_s: float = GRACE_S
    hold_s: float = HOLD_S
    share: float = SHARE

    async def run(self) -> None:
        """Compress for ever."""
        while True:
            try:
                while await self.compress_one():
                    pass
            except (Unavailable, StorageFull) as error:
                _log.info("upload.keeper.waiting", problem=error.detail)
            await asyncio.sleep(EVERY_S)

    async def compress_one(self) -> bool:
        """Look at one blob; False if there is none. Raises `Unavailable`, `StorageFull`; a retry later helps."""
        before = now() - timedelta(seconds=self.settings.compression_after_s)
        if not await self.database.read(rows.waits, before):
            return False
        self.room.check(self.room.floor_bytes)  # both forms are there for a while: uploads need the room more
        holder = f"{new_id()}@{process_identity.me()}"
        job = await self.database.write_unsynced(
            "upload.keeper.claim", rows.claim, holder, before, self.hold_s, self._is_worth_it
        )
        if job is None:
            return True  # what there was is settled, or somebody else's
        try:
            await _Work(self, job, holder).run()
        except _Lost:
            _log.info("upload.keeper.lost", storage_key=job.storage_key)
        except FilemillError as error:
            BLOBS.labels("failed").inc()
            _log.warning("upload.keeper.failed", storage_key=job.storage_key, problem=error.detail)
            await self.database.write_unsynced(
                "upload.keeper.put-off", rows.put_off, holder, job.storage_key, AGAIN_AFTER_S
            )
            if not isinstance(error, NotFound | Damaged):
                raise
        return True

    def _is_worth_it(self, size: int, content_type: str) -> bool:
        return size >= self.settings.compression_min_bytes and may_compress(content_type)


class _Work:
    """One blob."""

    def __init__(self, compressor: Compressor, job: Candidate, holder: str) -> None:
        self._database, self._store = compressor.database, compressor.store
        self._job, self._holder = job, holder
        self._grace_s, self._hold_s, self._share = compressor.grace_s, compressor.hold_s, compressor.share
        self._kept_at_s = time.monotonic()

    async def run(self) -> None:
        """Raises as the store does, and `_Lost`."""
        reader = await self._store.open(self._job.storage_key)
        try:
            if isinstance(reader, IsCompressed):  # it came here like that, by a backup or a move
                stored_size: int | None = reader.stored.size_bytes
                grace_s = None
            else:
                stored_size = await self._write(reader)
                grace_s = self._grace_s
        finally:
            await reader.close()
        if stored_size is None or not await self._verify():
            BLOBS.labels("left").inc()
            await self._database.write_unsynced(
                "upload.keeper.settle", rows.settle, self._holder, self._job.storage_key
            )
            return
        crash_point("upload.keeper.verified")
        await self._switch(stored_size, grace_s)

    async def _write(self, reader: BlobReader) -> int | None:
        """Write the compressed form; returns its bytes, or None if there is none, because it is not worth it."""
        job, digest, frames = self._job, hashlib.sha256(), list[Frame]()
        writer: BlobWriter | None = None
        most_bytes, stored_bytes = int(job.size * WORTH), 0
        try:
            async for body in _in_frames(reader):
                began_s = time.monotonic()
                frame = await asyncio.to_thread(_hash_and_compress, digest, body)
                stored_bytes += len(frame)
                if stored_bytes > most_bytes or (writer is None and len(frame) > len(body) * WORTH):
                    return None
                writer = writer or await self._store.create_compressed(job.storage_key)
                await writer.write(frame)
                frames.append(Frame(len(frame), len(body)))
                await self._rest(time.monotonic() - began_s)
            table = SeekTable(frames)
            if writer is None or table.stored_bytes > most_bytes:
                return None
            if (table.size_bytes, digest.hexdigest()) != (job.size, job.sha256):
                _log.critical("upload.blob.damaged", storage_key=job.storage_key)
                return None
            await writer.write(table.encode())
            await self._keep()
            await writer.commit()
            writer = None
        finally:
            if writer is not None:
                await writer.abort()
        crash_point("upload.keeper.written")
        return table.stored_bytes

    async def _verify(self) -> bool:
        """Read the compressed form back from the store. What is not right never becomes the blob."""
        digest, size, began_s = hashlib.sha256(), 0, time.monotonic()
        reader = await self._store.open_compressed(self._job.storage_key)
        try:
            async for chunk in reader.read():
                await asyncio.to_thread(digest.update, chunk)
                size += len(chunk)
                await self._rest(time.monotonic() - began_s)
                began_s = time.monotonic()
        finally:
            await reader.close()
        if (size, digest.hexdigest()) == (self._job.size, self._job.sha256):
            return True
        _log.critical("upload.keeper.differs", storage_key=self._job.storage_key)
        await self._keep()
        await self._store.drop_compressed(self._job.storage_key)
        return False

    async def _switch(self, stored_size: int, grace_s: float | None) -> None:
        key = self._job.storage_key
        if not await self._database.write(
            "upload.keeper.switch", stored_forms.switch, self._holder, key, stored_size, grace_s
        ):
            await self._undo()
            raise _Lost
        crash_point("upload.keeper.switched")
        BLOBS.labels("compressed").inc()
        SAVED.inc(self._job.size - stored_size)
        _log.info("upload.keeper.compressed", storage_key=key, size_bytes=self._job.size, stored_bytes=stored_size)

    async def _keep(self) -> None:
        """Hold the blob longer. Raises `_Lost`."""
        key = self._job.storage_key
        if not await self._database.write_unsynced("upload.keeper.keep", rows.keep, self._holder, key, self._hold_s):
            raise _Lost
        self._kept_at_s = time.monotonic()

    async def _undo(self) -> None:
        """Its file was purged meanwhile: what was written goes, too. The remover, who waits for the lease, makes sure."""
        if not await self._database.read(rows.exists, self._job.storage_key):
            await self._store.delete(self._job.storage_key)

    async def _rest(self, worked_s: float) -> None:
        await asyncio.sleep(worked_s * (1 - self._share) / self._share)
        if time.monotonic() - self._kept_at_s > min(KEEP_AFTER_S, self._hold_s / 4):
            await self._keep()


def _hash_and_compress(digest: "hashlib._Hash", body: bytes) -> bytes:
    digest.update(body)
    return compress_frame(body)


async def _in_frames(reader: BlobReader) -> AsyncIterator[bytes]:
    """The bytes of a blob, each time as many as a frame takes."""
    pending = bytearray()
    async for chunk in reader.read():
        pending += chunk
        while len(pending) >= FRAME_BYTES:
            yield bytes(pending[:FRAME_BYTES])
            del pending[:FRAME_BYTES]
    if pending:
        yield bytes(pending)
