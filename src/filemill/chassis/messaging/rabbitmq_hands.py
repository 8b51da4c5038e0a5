"""The messages that this process has taken from RabbitMQ and not settled: who holds what, and what becomes of it.

Not here: what arrived and was not handed out yet (the transport's readers). Everything a broker loses with its connection
it delivers again; `excuse` remembers such messages, so that a loss of the broker is not counted as a try of theirs. What
cannot be passed on (the session ends, a queue is full) stays in hand and is tried again.
"""

import asyncio
import contextlib
import itertools
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from filemill.chassis.errors import Unavailable
from filemill.chassis.messaging import rabbitmq_messages as messages
from filemill.chassis.messaging import rabbitmq_topology as topology
from filemill.chassis.messaging.rabbitmq_messages import Arrived
from filemill.chassis.messaging.rabbitmq_session import Session

STUCK_RETRY_S = 1.0
EXCUSES_MOST = 10
"""Broker losses that are not counted against one message; more look like a message that stalls its taker's event loop."""
EXCUSED_MESSAGES_MOST = 10_000


@dataclass(slots=True)
class Held:
    """A message in somebody's hands. `spent_if_lost`: its tries if its taker never answers."""

    arrived: Arrived
    session: Session
    spent_if_lost: int


class Hands:
    """The table of what is held. `session` says which connection is in force, `errand` runs what nobody waits for."""

    def __init__(
        self, session: Callable[[], Session | None], errand: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        self._session = session
        self._errand = errand
        self._held: dict[int, Held] = {}
        self._tags = itertools.count(1)
        self._excuses: OrderedDict[tuple[str, str], int] = OrderedDict()

    def hold(self, arrived: Arrived, session: Session, spent_if_lost: int) -> int:
        """Put a message on the table; returns its tag."""
        tag = next(self._tags)
        self._held[tag] = Held(arrived, session, spent_if_lost)
        return tag

    def count(self, queue: str) -> int:
        """How many messages of a queue are held."""
        return sum(held.arrived.queue == queue for held in self._held.values())

    @contextlib.contextmanager
    def in_hand(self, tag: int) -> Iterator[Held | None]:
        """Take it off the table for as long as something is done with it; back if that fails and it is still ours."""
        held = self._held.pop(tag, None)
        try:
            yield held
        except BaseException:
            if held is not None and held.session is self._session():
                self._held[tag] = held
                asyncio.get_running_loop().call_later(STUCK_RETRY_S, self.lease_over, [tag])
            raise

    async def ack(self, tag: int) -> None:
        """It is done with. Nothing happens if it is not held any more."""
        held = self._held.pop(tag, None)
        if held is not None:
            await self.settle(held)

    async def settle(self, held: Held) -> None:
        """Tell the broker that it can forget it."""
        self._excuses.pop((held.arrived.queue, held.arrived.event.id), None)
        await held.session.ack(held.arrived.message)

    async def pass_on(self, tag: int, exchange: str, key: str, spent: int, reason: str) -> None:
        """Put it somewhere else, then settle it here: dying in between costs a copy, which the inbox drops.

        Raises `Unavailable`.
        """
        with self.in_hand(tag) as held:
            if held is not None:
                await held.session.send(exchange, key, messages.tried(held.arrived.message, spent, reason))
                await self.settle(held)

    def lease_over(self, tags: list[int]) -> None:
        """Whoever took these did not answer in time."""
        for tag in tags:
            if tag in self._held:
                self._errand(self._give_up_on(tag))

    async def _give_up_on(self, tag: int) -> None:
        held = self._held.get(tag)
        if held is None:
            return
        target = topology.again(held.arrived.queue)
        # Refused (that queue is full) it stays with us, and is tried again.
        with contextlib.suppress(Unavailable):
            await self.pass_on(tag, "", target, held.spent_if_lost, "its taker did not answer or died")

    async def hand_back(self, session: Session, buffered: Iterable[Arrived]) -> None:
        """A polite end: everything held, and what was not handed out, goes back without a try."""
        back = [*(held.arrived for held in self._held.values() if held.session is session), *buffered]
        self._held.clear()

        async def one(arrived: Arrived) -> None:
            target = queue_for(arrived.queue, arrived.spent)
            await session.send("", target, messages.tried(arrived.message, arrived.spent))
            await session.ack(arrived.message)

        await asyncio.gather(*map(one, back))

    def excuse(self, buffered: Iterable[Arrived]) -> None:
        """The broker was lost, and delivers again what is held and what was not handed out: that is no try of theirs."""
        for arrived in [*buffered, *(held.arrived for held in self._held.values())]:
            key = (arrived.queue, arrived.event.id)
            self._excuses[key] = self._excuses.pop(key, 0) + 1
        while len(self._excuses) > EXCUSED_MESSAGES_MOST:
            self._excuses.popitem(last=False)
        self._held.clear()

    def excuses(self, queue: str, event_id: str) -> int:
        """How many deliveries of a message are not to be counted."""
        return min(self._excuses.get((queue, event_id), 0), EXCUSES_MOST)


def queue_for(queue: str, spent: int) -> str:
    """Where a message goes back to: suspects wait apart."""
    return topology.again(queue) if spent else queue
