"""The embedded broker: one SQLite file per consumer queue, a doorbell to wake each consumer.

Publishing writes every queue that listens to an event, each durable by its own commit; a crash between two of them leaves
the event unmarked in the outbox, so it is published again and the first queue keeps one copy or its inbox drops the second.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from filemill.chassis.doorbell import Bell, Doorbell
from filemill.chassis.messaging import wire
from filemill.chassis.messaging.sqlite_queue import SqliteQueue
from filemill.chassis.messaging.transport import Delivery, QueueDepth
from filemill.contracts.envelope import Event
from filemill.contracts.health import ParkedMessage
from filemill.contracts.model import rfc3339
from filemill.contracts.topics import queues_for

THREADS = 4
"""Queue files are independent, so their fsyncs run side by side."""


class SqliteTransport:
    """See `transport.Transport` and `transport.ParkingLot`."""

    system = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._queues: dict[str, SqliteQueue] = {}
        self._opening = threading.Lock()
        self._doorbells: dict[str, Doorbell] = {}
        self._bell = Bell(folder)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="queues")

    async def check(self) -> None:
        """See `Broker.check`. A folder that cannot be written shows at the first publish, as it does for the database."""

    async def publish(self, events: Sequence[Event]) -> None:
        """See `Transport.publish`."""
        by_queue: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for event in events:
            body = wire.encode(event)
            for name in queues_for(event.type):
                by_queue[name].append((event.id, body))
        loop = asyncio.get_running_loop()
        puts = [loop.run_in_executor(self._threads, self._put, name, rows) for name, rows in by_queue.items()]
        await asyncio.gather(*puts)
        for name in by_queue:
            self._bell.ring(name)

    async def take(self, queue: str, most: int, lease_s: float) -> list[Delivery]:
        """See `Transport.take`."""
        loop = asyncio.get_running_loop()
        taken = await loop.run_in_executor(self._threads, lambda: self._open(queue).take(most, lease_s))
        return [Delivery(queue, one.seq, wire.decode(one.body), one.tries) for one in taken]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `Transport.ack`."""
        seqs = [delivery.tag for delivery in deliveries]
        queue = self._open(deliveries[0].queue)
        await asyncio.get_running_loop().run_in_executor(self._threads, queue.ack, seqs)

    async def retry(self, delivery: Delivery, delay_s: float, reason: str, *, counts: bool = True) -> None:
        """See `Transport.retry`."""
        queue = self._open(delivery.queue)
        await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: queue.give_back(delivery.tag, delay_s, reason, counts=counts)
        )

    async def park(self, delivery: Delivery, reason: str) -> None:
        """See `Transport.park`."""
        queue = self._open(delivery.queue)
        await asyncio.get_running_loop().run_in_executor(self._threads, queue.park, delivery.tag, reason)

    async def wait(self, queue: str, timeout_s: float) -> None:
        """See `Transport.wait`."""
        if queue not in self._doorbells:
            # A ring before this moment went unheard, so the first call returns at once and the caller looks again.
            self._doorbells[queue] = Doorbell(self._folder, queue)
            return
        await self._doorbells[queue].wait(timeout_s)

    async def close(self) -> None:
        """See `Transport.close`."""
        for doorbell in self._doorbells.values():
            doorbell.close()
        self._threads.shutdown(wait=True)
        for queue in self._queues.values():
            queue.close()
        self._queues.clear()
        self._bell.close()

    # the parking lot

    async def parked(self, queue: str, most: int) -> list[ParkedMessage]:
        """See `ParkingLot.parked`."""
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._threads, lambda: self._open(queue).parked(most))
        answer = []
        for row in rows:
            event = wire.decode(row.body)
            at = datetime.fromtimestamp(row.parked_at, UTC)
            answer.append(
                ParkedMessage(
                    id=row.event_id,
                    queue=queue,
                    type=event.type,
                    file_id=event.subject,
                    tries=row.tries,
                    reason=row.reason,
                    parked_at=rfc3339(at),
                    trace_id=event.traceparent[3:35] if event.traceparent else None,
                    retry_command=f"filemill parked retry {row.event_id}",
                )
            )
        return answer

    async def release(self, queue: str, event_id: str) -> bool:
        """See `ParkingLot.release`."""
        loop = asyncio.get_running_loop()
        released = await loop.run_in_executor(self._threads, lambda: self._open(queue).release(event_id))
        if released:
            self._bell.ring(queue)
        return released

    async def depth(self, queue: str) -> QueueDepth:
        """See `ParkingLot.depth`."""
        loop = asyncio.get_running_loop()
        counts = await loop.run_in_executor(self._threads, lambda: self._open(queue).counts())
        return QueueDepth(queue, *counts)

    # the look inside

    async def peek(self, queue: str, after: int, most: int) -> list[tuple[int, Event]]:
        """See `Peeks.peek`."""
        if not self._path(queue).exists():
            return []  # a look makes no queue
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._threads, lambda: self._open(queue).peek(after, most))
        return [(seq, wire.decode(body)) for seq, body in rows]

    # inside

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.db"

    def _put(self, name: str, rows: list[tuple[str, bytes]]) -> None:
        self._open(name).put(rows)

    def _open(self, name: str) -> SqliteQueue:
        with self._opening:
            if name not in self._queues:
                self._queues[name] = SqliteQueue(self._path(name))
            return self._queues[name]
