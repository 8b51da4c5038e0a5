"""The live stream: server-sent events out of a table, so that a reader resumes where it was and a slow one costs nothing.

Each stream remembers only a number; it reads what is newer when somebody rings, or by itself each second (another instance
may have written). Nothing is buffered for a reader: one that does not read holds one batch. Source: WHATWG HTML, 9.2.
"""

import asyncio
import time
from collections.abc import AsyncIterator

from filemill.chassis.database.database import Database
from filemill.notification import repository
from filemill.notification.errors import TooManyStreams

BATCH_MOST = 100
LOOK_EVERY_S = 1.0
HEARTBEAT_S = 15.0
SWEEP_EVERY_S = 300.0


class LiveStreams:
    """Every open stream of this process."""

    def __init__(self, database: Database, most: int, keep_s: float) -> None:
        self._database = database
        self._most = most
        self._keep_s = keep_s
        self._waiting: set[asyncio.Event] = set()
        self._closing = False
        self.open = 0

    def ring(self) -> None:
        """Something new was committed."""
        for event in self._waiting:
            event.set()

    def close(self) -> None:
        """End every stream: the process is stopping; readers reconnect elsewhere."""
        self._closing = True
        self.ring()

    async def begin(self, owner_id: str, last_event_id: int | None) -> AsyncIterator[bytes]:
        """A stream from after `last_event_id`, or from now. Raises `TooManyStreams`."""
        if self.open >= self._most:
            raise TooManyStreams(retry_after_s=5)
        newest = await self._database.read(repository.last_seq)
        # A place beyond the newest is from another life of this database: waiting for it would be silence.
        start = newest if last_event_id is None else min(last_event_id, newest)
        return self._stream(owner_id, start)

    async def run(self) -> None:
        """Forget old events, for ever."""
        while True:
            before = time.time() - self._keep_s
            while await self._database.write("notification.sweep", repository.sweep, before):
                pass
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _stream(self, owner_id: str, seq: int) -> AsyncIterator[bytes]:
        news = asyncio.Event()
        self._waiting.add(news)
        self.open += 1
        said_s = time.monotonic()
        try:
            yield b"retry: 1000\n: connected\n\n"
            while not self._closing:
                news.clear()
                events = await self._database.read(repository.after, owner_id, seq, BATCH_MOST)
                if events:
                    seq, said_s = events[-1].seq, time.monotonic()
                    yield b"".join(_frame(event) for event in events)
                    continue
                if time.monotonic() - said_s > HEARTBEAT_S:
                    said_s = time.monotonic()
                    yield b": still here\n\n"
                await _wait(news)
        finally:
            self.open -= 1
            self._waiting.discard(news)


def _frame(event: repository.LiveEvent) -> bytes:
    """The body is one line of JSON, so one `data:` line carries it."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.seq, event.type.encode(), event.body)


async def _wait(news: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_EVERY_S):
            await news.wait()
    except TimeoutError:
        return
