"""The port to the broker: durable queues with leases. Chosen by `build`; wrapped by nobody but relay and consumer.

Delivery is at least once and in any order. A message that is taken belongs to its taker until `lease_s` is over or the
taker dies; acked, it is gone; parked, it waits for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from filemill.contracts.envelope import Event
from filemill.contracts.health import ParkedMessage


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in hand. `tries` counts this one; `tag` is the transport's own handle."""

    queue: str
    tag: int
    event: Event
    tries: int


class Transport(Protocol):
    """A broker, embedded or not. `system`: how it is called in spans."""

    system: str

    async def publish(self, events: Sequence[Event]) -> None:
        """Put each event into every queue that listens to its type; all are durable when this returns."""
        ...

    async def take(self, queue: str, most: int, lease_s: float) -> list[Delivery]:
        """Up to `most` messages that are due, oldest first, now leased to this process; empty if there are none.

        A message that was taken before comes alone: should it kill its taker, no other is blamed with it.
        """
        ...

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """These were handled and committed; forget them."""
        ...

    async def retry(self, delivery: Delivery, delay_s: float, reason: str, *, counts: bool = True) -> None:
        """Give it back, to be taken again after `delay_s`. `counts=False`: the message is not to blame, forget this try."""
        ...

    async def park(self, delivery: Delivery, reason: str) -> None:
        """Set it aside with a reason, until somebody retries it."""
        ...

    async def wait(self, queue: str, timeout_s: float) -> None:
        """Return when there may be something to take, at the latest after `timeout_s`."""
        ...

    async def close(self) -> None:
        """Give leases back and let go of every resource."""
        ...


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How full a queue is, and how old its oldest waiting message."""

    queue: str
    waiting: int
    leased: int
    parked: int
    oldest_s: float


class ParkingLot(Protocol):
    """What an operator asks of a transport: an extra capability, apart from the port."""

    async def parked(self, queue: str, most: int) -> list[ParkedMessage]:
        """The parked messages of a queue, newest first."""
        ...

    async def release(self, queue: str, event_id: str) -> bool:
        """Put a parked message back with fresh tries; False if it is not there."""
        ...

    async def depth(self, queue: str) -> QueueDepth:
        """How full a queue is."""
        ...


class Broker(Transport, ParkingLot, Protocol):
    """What `build` gives: the transport, its parking lot, and whether it is there."""

    async def check(self) -> None:
        """At start: raises `StartError`, with the one line to show, if it cannot be used. Later: `Unavailable` if away."""
        ...


@runtime_checkable
class Peeks(Protocol):
    """A transport whose messages can be looked at without taking them: an extra capability."""

    async def peek(self, queue: str, after: int, most: int) -> list[tuple[int, Event]]:
        """Messages of a queue, leased and parked ones too, from their place in it after `after` on: (place, event)."""
        ...
