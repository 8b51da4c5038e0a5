"""Sends a file, or a part of it, as (part of) the body of an answer: `sendfile` in a lent thread.

A reader that is slow gives its thread back: from then on the loop waits, without memory, until the socket takes more, and a
thread only fills it. When no thread is free the loop sends a small chunk itself. The transport writes nothing meanwhile.
On failure: a client that is gone, or takes nothing for `IDLE_S`, or a file that has become shorter breaks the connection off.
"""

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator

from starlette.types import Message
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from filemill.chassis.telemetry import metrics
from filemill.chassis.web.socket_threads import STALL_MS, End, Loan, SocketThreads, send

CHUNK_BYTES = 64 * 1024
FAST_BYTES = 4 * 1024 * 1024
"""A loan that moved so much shows that the reader has become fast."""
IDLE_S = 60.0


class FileSender:
    """One message of an answer."""

    def __init__(
        self, threads: SocketThreads, transport: asyncio.Transport, flow: FlowControl, cycle: RequestResponseCycle
    ) -> None:
        self._threads = threads
        self._transport = transport
        self._flow = flow
        self._cycle = cycle

    async def send(self, message: Message) -> None:
        """`file` with a `fileno`, `offset`, `count`, `more_body`, as the ASGI extension says; a Content-Length is needed."""
        cycle = self._cycle
        if not cycle.response_started or cycle.response_complete or cycle.chunked_encoding:
            raise RuntimeError("A file can be sent only inside a body whose Content-Length was sent.")
        count = message["count"]
        if count > cycle.expected_content_length:
            raise RuntimeError("Response content longer than Content-Length")
        try:
            async with asyncio.timeout(None) as idle:
                await self._move(message["file"].fileno(), message.get("offset", 0), count, idle)
        except TimeoutError:
            self._transport.abort()
        if not cycle.disconnected and not message.get("more_body", False):
            await RequestResponseCycle.send(cycle, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _move(self, file: int, offset: int, count: int, idle: asyncio.Timeout) -> None:
        cycle, loop = self._cycle, asyncio.get_running_loop()
        end, stall_ms = offset + count, STALL_MS
        while offset < end and not self._is_over():
            idle.reschedule(loop.time() + IDLE_S)
            if not self._threads.has_free:
                offset += await self._by_loop(file, offset, min(CHUNK_BYTES, end - offset))
                continue
            if not await self._drained():
                return
            idle.reschedule(None)
            loan = Loan(self._fileno())
            work = functools.partial(send, file=file, offset=offset, count=end - offset, stall_ms=stall_ms)
            try:
                ended = await self._threads.run(loan, work)
            finally:
                cycle.expected_content_length -= loan.moved
                metrics.BODY_BYTES_SENT_BY_FILE.inc(loan.moved)
            offset += loan.moved
            if ended is End.GONE:
                self._transport.abort()
                return
            stall_ms = STALL_MS if loan.moved >= FAST_BYTES else 0
            if ended is End.STALLED:
                idle.reschedule(loop.time() + IDLE_S)
                await self._writable()

    async def _by_loop(self, file: int, offset: int, count: int) -> int:
        data = await asyncio.get_running_loop().run_in_executor(None, os.pread, file, count, offset)
        if not data:
            self._transport.abort()
            return count
        await RequestResponseCycle.send(self._cycle, {"type": "http.response.body", "body": data, "more_body": True})
        return len(data)

    async def _drained(self) -> bool:
        """Wait until the transport has written all it holds; False if the connection is over."""
        transport = self._transport
        if not transport.get_write_buffer_size():
            return not self._is_over()
        transport.set_write_buffer_limits(high=0)
        try:
            while transport.get_write_buffer_size() and not self._is_over():
                await self._flow.drain()
        finally:
            if not self._is_over():
                transport.set_write_buffer_limits()
        return not self._is_over()

    async def _writable(self) -> None:
        async with _duplicate(self._fileno()) as fd:
            loop, writable = asyncio.get_running_loop(), asyncio.Event()
            loop.add_writer(fd, writable.set)
            try:
                await writable.wait()
            finally:
                loop.remove_writer(fd)

    def _is_over(self) -> bool:
        return self._cycle.disconnected or self._transport.is_closing()

    def _fileno(self) -> int:
        return int(self._transport.get_extra_info("socket").fileno())


@contextlib.asynccontextmanager
async def _duplicate(fd: int) -> AsyncIterator[int]:
    """The event loop refuses to watch the descriptor of a transport of its own."""
    duplicate = os.dup(fd)
    try:
        yield duplicate
    finally:
        os.close(duplicate)
