"""Bodies on their way back from a remote store, never held whole.

One streamed request; where it breaks or ends short the rest is asked for again from the byte where it stopped, and if that
fails too the stream raises: a reader never takes a part for the whole.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import obstore
from obstore.exceptions import BaseError

from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.resilience.retry import ATTEMPTS
from filemill.chassis.storage.remote_body import CHUNK_BYTES
from filemill.chassis.storage.remote_client import Refused, Remote, translated
from filemill.chassis.storage.store import BlobReader, drain
from filemill.chassis.telemetry import metrics

READ_CHUNK_BYTES = 256 * 1024


class _Gone(Unavailable):
    """The blob was deleted while it was read."""


class RemoteReader:
    """See `store.BlobReader`. `first` are the blob's first bytes, which came with the answer that told its size.

    `otherwise` opens the same bytes elsewhere, for when they are deleted here while they are read.
    """

    def __init__(self, remote: Remote, key: str, size_bytes: int, first: bytes) -> None:
        self._remote = remote
        self._key = key
        self._first = first
        self.size_bytes = size_bytes
        self.otherwise: Callable[[], Awaitable[BlobReader]] | None = None

    async def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        end = self.size_bytes if length is None else min(self.size_bytes, start + length)
        if start < min(end, len(self._first)):
            piece = self._first[start:end]
            start += len(piece)
            yield piece
        failures = 0
        while start < end:
            before = start
            try:
                stream = await self._ask(start, end)
            except _Gone as gone:
                async for piece in self._elsewhere(gone, start, end - start):
                    yield piece
                return
            try:
                async for chunk in stream:
                    piece = bytes(chunk)[: end - start]
                    start += len(piece)
                    yield piece
            except (BaseError, OSError) as error:
                problem: Exception = translated(error, "read")
            else:
                problem = Unavailable("The blob store sent less than there is.")
            if start < end:
                # Progress pays for another try: a long download over a bad line ends, a dead store does not hold it.
                failures = 1 if start - before >= CHUNK_BYTES else failures + 1
                metrics.STORAGE_RESUMED.inc()
                if failures >= ATTEMPTS:
                    raise problem

    async def close(self) -> None:
        self._first = b""

    async def _ask(self, start: int, end: int) -> Any:
        async def question() -> Any:
            result = await obstore.get_async(self._remote.once, self._key, options={"range": (start, end)})
            if tuple(result.range) != (start, end) or result.meta["size"] != self.size_bytes:
                raise Refused(200, "WrongRange")
            return result.stream(READ_CHUNK_BYTES)

        try:
            return await self._remote.ask("read", question)
        except NotFound as error:
            raise _Gone("The blob was deleted while it was read.") from error

    async def _elsewhere(self, gone: _Gone, start: int, length: int) -> AsyncIterator[bytes]:
        if self.otherwise is None:
            raise gone
        try:
            reader = await self.otherwise()
        except NotFound:
            raise gone from None
        async for piece in drain(reader, start, length):
            yield piece


async def open_reader(remote: Remote, key: str) -> RemoteReader:
    """One question for the size and the first bytes: most blobs (texts, renditions) are read whole by it."""

    async def question() -> tuple[int, bytes]:
        result = await obstore.get_async(remote.once, key, options={"range": (0, READ_CHUNK_BYTES)})
        return int(result.meta["size"]), bytes(await result.bytes_async())

    async def size() -> int:
        return int((await obstore.head_async(remote.once, key))["size"])

    with contextlib.suppress(Refused):
        size_bytes, first = await remote.ask("open", question)
        if len(first) == min(size_bytes, READ_CHUNK_BYTES):
            return RemoteReader(remote, key, size_bytes, first)
    # An empty blob has no first byte to ask for (416).
    return RemoteReader(remote, key, await remote.ask("head", size), b"")
