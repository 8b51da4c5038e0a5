"""The live streams of one process: one look at the table for all of them, and each reader gets what is its owner's.

A reader begins by reading the table from its place (`Last-Event-ID`) on, and goes live when it has caught up; from then on
the feed hands it what is new. For a reader that is slow nothing is kept: it goes back to the table; one that takes nothing
at all is dropped (`live_response`), and finds everything again when it comes back with its place, as after a restart.
Source of the format: WHATWG HTML, 9.2.
"""

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator

import structlog

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database
from filemill.notification import counting, repository
from filemill.notification.errors import TooManyStreams
from filemill.notification.repository import LiveEvent

BATCH_MOST = 100
"""Events a reader that catches up holds at once."""
LOOK_MOST = 200
LOOK_EVERY_S = 1.0
"""Another instance may have written; it rings no bell here."""
HEARTBEAT_S = 15.0
SWEEP_EVERY_S = 300.0
WAITING_MOST_BYTES = 64 * 1024
"""What may wait for one reader; more, and it goes on out of the table when it is ready. Readers share the bytes of an event."""
_HEARTBEAT = b": still here\n\n"
COME_BACK_MS = (200, 3000)
_FAREWELL = b"retry: %d\n: this instance is leaving, come back with your place\n\n"
_GREETING = b"retry: 1000\nid: %d\n: connected\n\n"
"""With the place, so that a client whose connection breaks before the first event misses nothing either."""
_BEGUN = b"event: begun\nid: %d\ndata: {}\n\n"

_log = structlog.get_logger()


class Reader:
    """One open stream. `announced`: it is told its place first. `dropped`: it took nothing for too long."""

    __slots__ = (
        "_bytes",
        "_frames",
        "announced",
        "dropped",
        "is_live",
        "missed",
        "news",
        "owner_id",
        "said_s",
        "seq",
        "types",
    )

    def __init__(self, owner_id: str, seq: int, types: frozenset[str] | None) -> None:
        self.owner_id = owner_id
        self.seq = seq
        self.types = types
        self.announced = False
        self.is_live = False
        self.missed = False
        self.dropped = False
        self.news = asyncio.Event()
        self.said_s = time.monotonic()
        self._frames: deque[bytes] = deque()
        self._bytes = 0

    def offer(self, event: LiveEvent, frame: bytes) -> None:
        """Something new of its owner. One that is not live will come by it in the table."""
        if not self.is_live:
            self.missed = True
        elif event.seq > self.seq:
            if (self.types is not None and event.type not in self.types) or self.push(frame):
                self.seq = event.seq
            else:
                self.is_live = False

    def push(self, frame: bytes) -> bool:
        """Hand it bytes; False if too many wait for it already."""
        if self._frames and self._bytes + len(frame) > WAITING_MOST_BYTES:
            return False
        self._frames.append(frame)
        self._bytes += len(frame)
        self.said_s = time.monotonic()
        self.news.set()
        return True

    def taken(self) -> bytes:
        """What waits, which then does no more."""
        frames = b"".join(self._frames)
        self._frames.clear()
        self._bytes = 0
        self.news.clear()
        return frames


class LiveStreams:
    """Every open stream of this process."""

    def __init__(self, database: Database, most: int, keep_s: float) -> None:
        self._database = database
        self._most = most
        self._keep_s = keep_s
        self._readers: defaultdict[str, set[Reader]] = defaultdict(set)
        self._rung = asyncio.Event()
        self._seen: int | None = None
        self._closing = False
        self.open = 0

    def ring(self) -> None:
        """Something new was committed."""
        self._rung.set()

    def close(self) -> None:
        """End every stream: the process is stopping; readers reconnect elsewhere."""
        self._closing = True
        for reader in [one for readers in self._readers.values() for one in readers]:
            reader.news.set()

    async def begin(self, owner_id: str, last_event_id: int | None, types: frozenset[str] | None = None) -> Reader:
        """A reader from after `last_event_id`, or from now; `end` must be called. Raises `TooManyStreams`."""
        if self.open >= self._most:
            raise TooManyStreams(retry_after_s=5)
        self.open += 1
        counting.STREAMS_OPEN.set(self.open)
        try:
            newest = await self._database.read(repository.last_seq)
        except BaseException:
            self._one_less()
            raise
        # A place beyond the newest is from another life of this database: waiting for it would be silence.
        reader = Reader(owner_id, newest if last_event_id is None else min(last_event_id, newest), types)
        self._readers[owner_id].add(reader)
        if self._seen is None:
            self._seen = newest
        self.ring()
        return reader

    def end(self, reader: Reader) -> None:
        """It is over. Nothing happens the second time."""
        readers = self._readers.get(reader.owner_id)
        if readers is None or reader not in readers:
            return
        readers.discard(reader)
        if not readers:
            del self._readers[reader.owner_id]
        if reader.dropped:
            counting.STREAMS_DROPPED.inc()
            _log.info("live.stream.dropped", open=self.open)
        self._one_less()

    async def pieces(self, reader: Reader) -> AsyncIterator[bytes]:
        """What is sent to a reader: first out of the table, then as it comes. Ends at a stop."""
        yield _GREETING % reader.seq
        if reader.announced:
            yield _BEGUN % reader.seq
        while not self._closing:
            if frames := reader.taken():
                yield frames
            elif reader.is_live:
                await reader.news.wait()
            elif frames := await self._of_table(reader):
                yield frames
        # A thousand readers must not come back in the same moment; their browsers wait for as long as they are told.
        yield _FAREWELL % random.randint(*COME_BACK_MS)  # noqa: S311 - jitter, not a secret

    async def _of_table(self, reader: Reader) -> bytes:
        """What the table has after its place; nothing: it has caught up, and goes live."""
        reader.missed = False
        events = await self._database.read(
            repository.after, reader.owner_id, reader.seq, BATCH_MOST, types=reader.types
        )
        if events:
            reader.seq, reader.said_s = events[-1].seq, time.monotonic()
        elif not reader.missed:
            reader.is_live = True  # nothing came between the look and this line: no await stands there
        return b"".join(map(_frame, events))

    async def feed(self) -> None:
        """Look for what is new, once for all readers, for ever."""
        kept_alive_s = time.monotonic()
        while True:
            self._rung.clear()
            if time.monotonic() - kept_alive_s >= LOOK_EVERY_S:
                kept_alive_s = time.monotonic()
                self._keep_alive()
            if not self._readers:
                self._seen = None  # whoever comes next begins at what is newest then
            elif await self._look():
                continue
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._rung.wait()
            except TimeoutError:
                continue

    async def sweep(self) -> None:
        """Forget old events, for ever."""
        while True:
            before = unix_s() - self._keep_s
            while await self._database.write("notification.sweep", repository.sweep, before):
                pass
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _look(self) -> bool:
        """Hand out one batch; whether there was one."""
        assert self._seen is not None
        events = await self._database.read(repository.newer, self._seen, LOOK_MOST)
        for event in events:
            self._seen = event.seq
            readers = self._readers.get(event.owner_id)
            if readers:
                frame = _frame(event)
                for reader in readers:
                    reader.offer(event, frame)
        return bool(events)

    def _keep_alive(self) -> None:
        """A comment for each reader that heard nothing for a while, so that proxies and dead connections are noticed."""
        silent_since_s = time.monotonic() - HEARTBEAT_S + LOOK_EVERY_S
        for readers in self._readers.values():
            for reader in readers:
                if reader.is_live and reader.said_s < silent_since_s:
                    reader.push(_HEARTBEAT)

    def _one_less(self) -> None:
        self.open -= 1
        counting.STREAMS_OPEN.set(self.open)


def _frame(event: LiveEvent) -> bytes:
    """The body is one line of JSON, so one `data:` line carries it."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.seq, event.type.encode(), event.body)
