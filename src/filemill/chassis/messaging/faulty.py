"""Faults of the broker, where somebody can switch them on: away, or each message comes twice or in another order.

They are made of what the port has (`retry` without blame), so they are the same on every broker (`chassis.faults`).
"""

import random
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from filemill.chassis import faults
from filemill.chassis.errors import Unavailable
from filemill.chassis.messaging.transport import Broker, Delivery

AGAIN_S = 0.3
LATER_MOST_S = 2.0
REMEMBERED_MOST = 10_000
"""A message that is handed out again or later is so once: which ones were, is remembered, and the oldest are forgotten."""


def with_faults(broker: Broker) -> Broker:
    """The same broker, whose calls look at the switches first where there are any."""
    if faults.possible():
        _Meddler(broker).begin()
        faults.ahead(broker, ("publish", "take", "ack", "retry", "park", "check"), _before)
    return broker


async def _before(_method: str) -> None:
    if faults.is_on("broker-down"):
        raise Unavailable("The broker is away: the fault broker-down is on.")


class _Meddler:
    """Puts itself in the place of `take` and `ack` of one broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._take, self._ack, self._retry = broker.take, broker.ack, broker.retry
        self._again, self._later = _Remembered(), _Remembered()

    def begin(self) -> None:
        for name, method in (("take", self.take), ("ack", self.ack)):
            setattr(self._broker, name, method)

    async def take(self, queue: str, most: int, lease_s: float) -> list[Delivery]:
        """Taken, shuffled, and each second message that comes for the first time is given back for a while."""
        taken = await self._take(queue, most, lease_s)
        if not taken or not faults.is_on("reordered-events"):
            return taken
        random.shuffle(taken)
        late = [one for one in taken[::2] if one.tries == 1 and self._later.is_new(one)]
        for one in late:
            await self._retry(one, random.uniform(0, LATER_MOST_S), "reordered-events", counts=False)  # noqa: S311
        return [one for one in taken if one not in late]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """What was handled for the first time comes once more; the rest is acked."""
        twice = [one for one in deliveries if faults.is_on("duplicate-events") and self._again.is_new(one)]
        for one in twice:
            await self._retry(one, AGAIN_S, "duplicate-events", counts=False)
        if rest := [one for one in deliveries if one not in twice]:
            await self._ack(rest)


class _Remembered(OrderedDict[tuple[str, str], Any]):
    """The messages that something was done to once, by queue and event."""

    def is_new(self, delivery: Delivery) -> bool:
        """Whether it was not there; from now on it is."""
        key = delivery.queue, delivery.event.id
        if key in self:
            return False
        self[key] = None
        if len(self) > REMEMBERED_MOST:
            self.popitem(last=False)
        return True
