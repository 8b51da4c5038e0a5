"""The broker in memory: for unit tests of what stands on a transport. Passes the same suite as the real ones."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from filemill.chassis.clock import unix_s
from filemill.chassis.messaging import wire
from filemill.chassis.messaging.transport import Delivery, QueueDepth
from filemill.contracts.envelope import Event
from filemill.contracts.health import ParkedMessage
from filemill.contracts.model import rfc3339
from filemill.contracts.topics import queues_for


@dataclass(slots=True)
class _Message:
    seq: int
    event: Event
    due_at: float
    tries: int = 0
    lease_until: float = 0.0
    reason: str = ""
    parked_at: float | None = None


class MemoryTransport:
    """See `transport.Transport` and `transport.ParkingLot`."""

    system = "memory"

    def __init__(self) -> None:
        self._queues: dict[str, dict[int, _Message]] = defaultdict(dict)
        self._news: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._seq = itertools.count(1)

    async def check(self) -> None:
        """See `Broker.check`: it is always there."""

    async def publish(self, events: Sequence[Event]) -> None:
        """See `Transport.publish`."""
        for event in events:
            copy = wire.decode(wire.encode(event))
            for queue in queues_for(event.type):
                if all(message.event.id != event.id for message in self._queues[queue].values()):
                    seq = next(self._seq)
                    self._queues[queue][seq] = _Message(seq, copy, unix_s())
                self._news[queue].set()

    async def take(self, queue: str, most: int, lease_s: float) -> list[Delivery]:
        """See `Transport.take`."""
        now = unix_s()
        waiting = sorted(self._queues[queue].values(), key=lambda one: (one.due_at, one.seq))
        free = [one for one in waiting if one.parked_at is None and one.due_at <= now and one.lease_until < now]
        # One that was tried before comes alone.
        chosen = free[:1] if free and free[0].tries else [one for one in free if not one.tries][:most]
        for message in chosen:
            message.lease_until = now + lease_s
            message.tries += 1
        return [Delivery(queue, one.seq, one.event, one.tries) for one in chosen]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `Transport.ack`."""
        for delivery in deliveries:
            self._queues[delivery.queue].pop(delivery.tag, None)

    async def retry(self, delivery: Delivery, delay_s: float, reason: str, *, counts: bool = True) -> None:
        """See `Transport.retry`."""
        message = self._queues[delivery.queue][delivery.tag]
        message.due_at, message.lease_until, message.reason = unix_s() + delay_s, 0.0, reason
        message.tries -= 0 if counts else 1
        self._news[delivery.queue].set()

    async def park(self, delivery: Delivery, reason: str) -> None:
        """See `Transport.park`."""
        message = self._queues[delivery.queue][delivery.tag]
        message.parked_at, message.reason, message.lease_until = unix_s(), reason, 0.0

    async def wait(self, queue: str, timeout_s: float) -> None:
        """See `Transport.wait`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._news[queue].wait()
        except TimeoutError:
            return
        finally:
            self._news[queue].clear()

    async def close(self) -> None:
        """See `Transport.close`."""
        for message in (one for queue in self._queues.values() for one in queue.values()):
            if message.lease_until > 0:
                message.lease_until = 0.0
                message.tries -= 1

    async def parked(self, queue: str, most: int) -> list[ParkedMessage]:
        """See `ParkingLot.parked`."""
        aside = [one for one in self._queues[queue].values() if one.parked_at is not None]
        aside.sort(key=lambda one: (one.parked_at, one.seq), reverse=True)
        return [_shown(queue, message) for message in aside[:most]]

    async def release(self, queue: str, event_id: str) -> bool:
        """See `ParkingLot.release`."""
        for message in self._queues[queue].values():
            if message.parked_at is not None and message.event.id == event_id:
                message.parked_at, message.tries, message.due_at = None, 0, unix_s()
                self._news[queue].set()
                return True
        return False

    async def depth(self, queue: str) -> QueueDepth:
        """See `ParkingLot.depth`."""
        now = unix_s()
        messages = list(self._queues[queue].values())
        open_ones = [one for one in messages if one.parked_at is None]
        leased = sum(one.lease_until >= now for one in open_ones)
        oldest_s = max((now - one.due_at for one in open_ones), default=0.0)
        return QueueDepth(queue, len(open_ones) - leased, leased, len(messages) - len(open_ones), max(0.0, oldest_s))


def _shown(queue: str, message: _Message) -> ParkedMessage:
    event = message.event
    return ParkedMessage(
        id=event.id,
        queue=queue,
        type=event.type,
        file_id=event.subject,
        tries=message.tries,
        reason=message.reason,
        parked_at=rfc3339(datetime.fromtimestamp(message.parked_at or 0.0, UTC)),
        trace_id=event.traceparent[3:35] if event.traceparent else None,
        retry_command=f"filemill parked retry {event.id}",
    )
