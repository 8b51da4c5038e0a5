"""Bodies on their way to a remote store, never held whole. Not for: the way back (`remote_reader`).

A body of at most one part is one request; a larger one goes as a multipart upload, fed through a short queue, so that a slow
store slows its client down.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import obstore
import structlog

from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.storage.remote_client import Remote
from filemill.chassis.storage.store import Tap
from filemill.chassis.telemetry import metrics

PART_BYTES = 8 * 1024 * 1024
PARTS_IN_FLIGHT = 2
CHUNK_BYTES = 1024 * 1024
QUEUED_CHUNKS = 2
ABORT_S = 10.0
BUFFERED_MOST_BYTES = 1024 * 1024 * 1024
"""Of all bodies on their way up in this process; more uploads than that are told to come back."""
MULTIPART_BYTES = PART_BYTES * (1 + PARTS_IN_FLIGHT) + CHUNK_BYTES * (1 + QUEUED_CHUNKS)
"""What one multipart upload may hold: the part being filled, those in flight, the queue."""
ATTRIBUTES = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
"""Whoever opens a signed link of ours in a browser gets a download, never a page."""

_log = structlog.get_logger()


class Buffers:
    """Counts the memory of the writers, and refuses beyond a bound."""

    def __init__(self, most_bytes: int = BUFFERED_MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self.held_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Raises `Unavailable` if that is too much."""
        if self.held_bytes + size_bytes > self._most_bytes:
            raise Unavailable("Too many uploads are on their way to the blob store.", retry_after_s=5)
        self.give(-size_bytes)

    def give(self, size_bytes: int) -> None:
        """Give back what was taken."""
        self.held_bytes -= size_bytes
        metrics.STORAGE_BUFFERED.set(self.held_bytes)


class _Abandoned(Exception):
    """Ends the feed of a multipart upload; obstore aborts it then."""


class RemoteWriter:
    """See `store.BlobWriter`."""

    def __init__(self, remote: Remote, buffers: Buffers, key: str, tap: Tap | None) -> None:
        self._remote = remote
        self._buffers = buffers
        self._key = key
        self._tap = tap
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._chunks: list[bytes] = []
        self._size_bytes = 0
        self._taken_bytes = 0
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED_CHUNKS)
        self._upload: asyncio.Future[Any] | None = None
        self._abandoned = False

    async def write(self, data: bytes) -> None:
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= CHUNK_BYTES:
            await self._flush()

    async def commit(self) -> None:
        await self._flush()
        try:
            if self._upload is None:
                await self._remote.send("put", self._put)
            else:
                await self._feed(None)
                await self._remote.send("multipart", self._uploaded)
        except (Unavailable, NotFound) as error:
            # The answer may have been lost, not the bytes (a repeated completion finds no such upload any more). The key is
            # fresh, and what appears there appears whole.
            if not await self._is_stored():
                raise (
                    error if isinstance(error, Unavailable) else Unavailable("The blob store lost the upload.")
                ) from error
        else:
            if not await self._is_stored():
                raise Unavailable("The blob store took the bytes and does not have them.")
        self._forget()

    async def abort(self) -> None:
        self._abandoned = True
        upload = self._upload
        if upload is not None and not upload.done():
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)
            await asyncio.wait({upload}, timeout=ABORT_S)
            if not upload.done():
                upload.cancel()  # what it leaves there is swept (`sweep_partials`)
                _log.warning("storage.multipart.left", key=self._key)
        if upload is not None and upload.done() and not upload.cancelled():
            upload.exception()  # seen: the caller has its own error already
        self._forget()

    async def _flush(self) -> None:
        chunk = b"".join(self._pending)
        self._pending, self._pending_bytes = [], 0
        if not chunk:
            return
        if self._tap is not None:
            await asyncio.to_thread(self._tap, chunk)
        self._size_bytes += len(chunk)
        if self._upload is not None:
            await self._feed(chunk)
            return
        self._take(len(chunk))
        self._chunks.append(chunk)
        if self._size_bytes > PART_BYTES:
            await self._begin()

    async def _begin(self) -> None:
        """Go over to a multipart upload, unless the store is away: that is asked first, so that no body is read in vain."""
        self._take(max(0, MULTIPART_BYTES - self._taken_bytes))
        await self._remote.ask("check", self._remote.look)
        self._upload = asyncio.ensure_future(
            obstore.put_async(
                self._remote.repeating,
                self._key,
                self._pieces(),
                attributes=ATTRIBUTES,
                use_multipart=True,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_IN_FLIGHT,
            )
        )
        chunks, self._chunks = self._chunks, []
        for chunk in chunks:
            await self._feed(chunk)

    async def _pieces(self) -> AsyncIterator[bytes]:
        while (chunk := await self._queue.get()) is not None:
            yield chunk
        if self._abandoned:
            raise _Abandoned

    async def _feed(self, chunk: bytes | None) -> None:
        """Hand a chunk to the upload, waiting while it is busy. Raises what ended the upload, if it has ended."""
        assert self._upload is not None
        putting = asyncio.ensure_future(self._queue.put(chunk))
        try:
            await asyncio.wait({putting, self._upload}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
        if self._upload.done():
            await self._remote.send("multipart", self._uploaded)

    async def _uploaded(self) -> None:
        assert self._upload is not None
        await asyncio.shield(self._upload)

    async def _put(self) -> None:
        body = b"".join(self._chunks)
        await obstore.put_async(self._remote.repeating, self._key, body, attributes=ATTRIBUTES, use_multipart=False)

    async def _is_stored(self) -> bool:
        async def head() -> int:
            return int((await obstore.head_async(self._remote.once, self._key))["size"])

        try:
            return await self._remote.ask("head", head) == self._size_bytes
        except NotFound:
            return False

    def _take(self, size_bytes: int) -> None:
        self._buffers.take(size_bytes)
        self._taken_bytes += size_bytes

    def _forget(self) -> None:
        self._buffers.give(self._taken_bytes)
        self._taken_bytes = 0
        self._pending, self._chunks = [], []
