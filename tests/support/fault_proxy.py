"""A TCP proxy that fails on purpose, for any protocol. What it does to a connection is decided by seeded dice.

It runs an event loop in a thread of its own, so tests of any kind can use it. `http_fault_proxy` adds what only HTTP has.
"""

import asyncio
import contextlib
import fcntl
import random
import socket
import struct
import termios
import threading
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

CHUNK_BYTES = 64 * 1024
DELIVER_MOST_S = 2
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a share of the connections.

    `reset`: cut with RST once `after_bytes` of the server's answer have passed. `cut-up`: cut once `after_bytes` of the
    client's have passed, if it sends as many. `delay`: nothing passes for `seconds`.
    `throttle`: the server's bytes pass at `bytes_per_s`. `silent`: accepted, and never a byte of answer.
    """

    kind: str
    share: float = 1.0
    after_bytes: int = 0
    seconds: float = 0.0
    bytes_per_s: float = 0.0


@dataclass(slots=True)
class Link:
    """One connection: the client's two ends, and the task that serves it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def delivered(self) -> None:
        """Return when the client's side has what was written, or does not take it: a reset drops what is still here."""
        sock = self.writer.get_extra_info("socket")
        for _ in range(DELIVER_MOST_S * 1000):
            waiting = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[
                0
            ]  # tcp(7), SIOCOUTQ
            if not waiting and not self.writer.transport.get_write_buffer_size():
                return
            await asyncio.sleep(0.001)

    def reset(self) -> None:
        """Close with RST: unread data is thrown away on both sides (SO_LINGER with 0 s, socket(7))."""
        sock = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class FaultProxy:
    """Listens on `port` and forwards to `server_port`, both on loopback. Use as a context manager."""

    def __init__(self, server_port: int, *, seed: int = 1) -> None:
        self._server_port = server_port
        self._dice = random.Random(seed)
        self._faults: tuple[Fault, ...] = ()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._listener: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], Link] = {}
        self._flowing = asyncio.Event()
        self._lag_s = 0.0
        self.port = 0
        self.connections = 0
        self.injected: Counter[str] = Counter()

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        self._run(self._up())
        self._loop.call_soon_threadsafe(self._flowing.set)
        return self

    def __exit__(self, *_error: object) -> None:
        self._run(self._down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def use(self, *faults: Fault) -> None:
        """From now on these faults; none at all heals it. Each new connection meets at most one of them."""
        self._faults = faults

    def down(self) -> None:
        """Refuse connections and cut those there are."""
        self._run(self._down())

    def up(self) -> None:
        """Listen again, on the same port."""
        self._run(self._up())

    def cut(self) -> None:
        """Reset every connection there is now; new ones work."""
        self._run(self._cut())

    def pause(self) -> None:
        """Accept, and let nothing pass in either direction, as a stopped process does. In force when it returns."""
        self._run(self._hold_back())

    def resume(self) -> None:
        """Let everything pass that was held back."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def lag(self, seconds: float) -> None:
        """From now on each piece of each connection comes so much later, both ways; 0: at once."""
        self._lag_s = seconds

    # for subclasses, on the proxy's own loop

    def roll(self) -> Fault | None:
        """The fault that this connection (or request) meets."""
        for fault in self._faults:
            if self._dice.random() < fault.share:
                return fault
        return None

    async def serve(self, link: Link) -> None:
        """Serve one connection until it ends."""
        fault = self.roll()
        if fault is not None and fault.kind != "cut-up":
            self.injected[fault.kind] += 1
        await self.forward(link, fault)

    async def forward(self, link: Link, fault: Fault | None, sent_first: bytes = b"") -> None:
        """Connect to the server and move bytes both ways, hurt by `fault`."""
        kind = fault.kind if fault else ""
        if fault and kind == "delay":
            await asyncio.sleep(fault.seconds)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server_port, limit=CHUNK_BYTES)
        try:
            writer.write(sent_first)
            if fault and kind == "cut-up":
                return await self._cut_up(link, reader, writer, fault)
            there = asyncio.create_task(self.pump(link.reader, writer))
            back = asyncio.create_task(self._back(link, reader, fault))
            try:
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
                # A client that has said all it had to say still listens; one that was cut off does not.
                if not there.done() or there.exception() is None:
                    await back
            finally:
                for task in (there, back):
                    task.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        finally:
            writer.transport.abort()

    async def _back(self, link: Link, reader: asyncio.StreamReader, fault: Fault | None) -> None:
        """What the server says, as far as the fault lets it through."""
        if fault and fault.kind == "silent":
            await asyncio.Event().wait()
        elif fault and fault.kind == "reset":
            await self.pump(reader, link.writer, most_bytes=fault.after_bytes)
            await link.delivered()
            link.reset()
        else:
            await self.pump(reader, link.writer, bytes_per_s=fault.bytes_per_s if fault else 0.0)

    async def _cut_up(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault
    ) -> None:
        back = asyncio.create_task(self.pump(reader, link.writer))
        there = asyncio.create_task(self.pump(link.reader, writer, most_bytes=fault.after_bytes))
        try:
            await asyncio.wait({back, there}, return_when=asyncio.FIRST_COMPLETED)
            if there.done() and not there.exception() and there.result():
                self.injected[fault.kind] += 1
                link.reset()
            else:
                await back
        finally:
            for task in (back, there):
                task.cancel()
            await asyncio.gather(back, there, return_exceptions=True)

    async def pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        *,
        most_bytes: int | None = None,
        bytes_per_s: float = 0.0,
    ) -> bool:
        """Move bytes one way until the source ends or `most_bytes` have passed; whether it was the latter."""
        left = most_bytes
        while left is None or left > 0:
            data = await source.read(CHUNK_BYTES if left is None else min(left, CHUNK_BYTES))
            await asyncio.sleep(self._lag_s)
            await self._flowing.wait()
            if not data:
                if sink.can_write_eof():
                    sink.write_eof()
                return False
            left = None if left is None else left - len(data)
            sink.write(data)
            await sink.drain()
            if bytes_per_s:
                await asyncio.sleep(len(data) / bytes_per_s)
        return True

    # the thread

    async def _up(self) -> None:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=CHUNK_BYTES)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _hold_back(self) -> None:
        self._flowing.clear()

    async def _down(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._cut()

    async def _cut(self) -> None:
        tasks = list(self._links)
        for link in self._links.values():
            link.reset()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        link = self._links[task] = Link(reader, writer)
        self.connections += 1
        try:
            await self.serve(link)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # one side went away: what a proxy is there to live with
        finally:
            writer.transport.abort() if writer.transport.get_write_buffer_size() == 0 else writer.close()
            del self._links[task]

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
