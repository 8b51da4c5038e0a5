"""RabbitMQ behind the port. `rabbitmq_topology` says which queues there are, `rabbitmq_session` is one connection,
`rabbitmq_hands` what was taken and not settled.

A broker that goes away makes `publish` raise `Unavailable` and the queues look empty; the connection comes back by itself.
What this process held is then delivered again, and the inbox drops what it had committed.

Who is to blame for a death: a message whose taker died comes back from its queue together with all that lay beside it in
the taker's prefetch. They are moved to `Q.again` with one try each, and from there each is taken alone, so that only the
guilty one goes on collecting tries. If it was the broker that died, and not the taker, nobody is blamed.

Longer than most: the port's calls, the connection and what arrives share one state (which session, what is in hand).
"""

import asyncio
import contextlib
import random
from collections import defaultdict, deque
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import structlog
from aio_pika.abc import AbstractIncomingMessage
from yarl import URL

from filemill.chassis.clock import now
from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.messaging import rabbitmq_messages as messages
from filemill.chassis.messaging import rabbitmq_parking as parking
from filemill.chassis.messaging import rabbitmq_topology as topology
from filemill.chassis.messaging import wire
from filemill.chassis.messaging.rabbitmq_hands import Hands, queue_for
from filemill.chassis.messaging.rabbitmq_messages import Arrived
from filemill.chassis.messaging.rabbitmq_session import Session
from filemill.chassis.messaging.transport import Delivery, QueueDepth
from filemill.chassis.telemetry import metrics
from filemill.contracts.envelope import Event
from filemill.contracts.health import ParkedMessage
from filemill.contracts.topics import EXCHANGE

PAUSE_FIRST_S = 0.2
PAUSE_LONGEST_S = 5.0
PATIENCE_S = 3.0
"""How long a publisher waits for a connection that is being opened again."""

Answer = TypeVar("Answer")
_log = structlog.get_logger()


@dataclass(slots=True)
class _Reader:
    """What one session has of one queue, not handed out yet."""

    fresh: deque[Arrived] = field(default_factory=deque)
    suspects: deque[Arrived] = field(default_factory=deque)


class RabbitMqTransport:
    """See `transport.Transport` and `transport.ParkingLot`. Belongs to one event loop."""

    system = "rabbitmq"

    def __init__(self, url: str, name: str = "filemill") -> None:
        self._url = URL(url)
        self._name = name
        self._session: Session | None = None
        self._up = asyncio.Event()
        self._problem = "not connected yet"
        self._keeper: asyncio.Task[None] | None = None
        self._readers: dict[str, asyncio.Task[_Reader]] = {}
        self._news: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._last_taken: dict[str, Arrived] = {}
        self._errands: set[asyncio.Task[Any]] = set()
        self._looking = asyncio.Lock()
        self._hands = Hands(lambda: self._session, self._errand)

    async def check(self) -> None:
        """See `Broker.check`."""
        if self._keeper is None:
            try:
                self._begin(await Session.open(self._url, self._name))
            except Unavailable as error:
                raise StartError(f"RABBITMQ_URL: {error}; start the broker or correct the address") from error
        if self._session is None:
            raise Unavailable(self._problem)

    # the port

    async def publish(self, events: Sequence[Event]) -> None:
        """See `Transport.publish`. All are sent at once; the first that is not confirmed raises `Unavailable`."""
        fresh = [messages.of_event(event) for event in events]
        session = await self._connected()
        sends = [session.send(EXCHANGE, event.type, message) for event, message in zip(events, fresh, strict=True)]
        problems = [one for one in await asyncio.gather(*sends, return_exceptions=True) if one is not None]
        if problems:
            raise problems[0]

    async def take(self, queue: str, most: int, lease_s: float) -> list[Delivery]:
        """See `Transport.take`. With the broker away nothing is due."""
        reader = await self._reader(queue)
        if reader is None or self._session is None:
            return []
        if reader.suspects:
            chosen = [reader.suspects.popleft()]
        else:
            chosen = [reader.fresh.popleft() for _ in range(min(most, len(reader.fresh)))]
        deliveries = []
        for arrived in chosen:
            tag = self._hands.hold(arrived, self._session, arrived.spent + 1)
            deliveries.append(Delivery(queue, tag, arrived.event, arrived.spent + 1))
            self._last_taken[queue] = arrived
        if deliveries:
            asyncio.get_running_loop().call_later(lease_s, self._hands.lease_over, [one.tag for one in deliveries])
        return deliveries

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `Transport.ack`. One that was lost with its connection is delivered again, which the inbox notices."""
        for delivery in deliveries:
            await self._hands.ack(delivery.tag)

    async def retry(self, delivery: Delivery, delay_s: float, reason: str, *, counts: bool = True) -> None:
        """See `Transport.retry`. The delay is rounded up to a waiting room's. Raises `Unavailable`."""
        spent = delivery.tries if counts else delivery.tries - 1
        exchange = topology.waiting_room(delay_s) if delay_s > 0 else ""
        await self._hands.pass_on(delivery.tag, exchange, queue_for(delivery.queue, spent), spent, reason)

    async def park(self, delivery: Delivery, reason: str) -> None:
        """See `Transport.park`. Raises `Unavailable`, also when the parking queue is full."""
        with self._hands.in_hand(delivery.tag) as held:
            if held is None:
                return
            aside = messages.set_aside(held.arrived.message, delivery.tries, reason)
            await held.session.send("", topology.parked(delivery.queue), aside)
            await self._hands.settle(held)

    async def wait(self, queue: str, timeout_s: float) -> None:
        """See `Transport.wait`."""
        reader = await self._reader(queue)
        if reader is not None and (reader.fresh or reader.suspects):
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._news[queue].wait()
        except TimeoutError:
            return
        finally:
            self._news[queue].clear()

    async def close(self) -> None:
        """See `Transport.close`. What was not handed back in time, the broker delivers again as a try."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        session = self._session
        if session is not None:
            with contextlib.suppress(Unavailable):
                await session.stop_consuming()  # what is on its way still arrives, and is handed back with the rest
                self._session = None
                await asyncio.gather(*self._errands, return_exceptions=True)
                await self._hands.hand_back(session, self._buffered())
            self._session = None
            await session.abandon()
        for errand in self._errands:
            errand.cancel()

    # the parking lot

    async def parked(self, queue: str, most: int) -> list[ParkedMessage]:
        """See `ParkingLot.parked`. Raises `Unavailable`."""
        async with self._looking:
            return await self._whole(parking.look(await self._connected(), queue, most))

    async def release(self, queue: str, event_id: str) -> bool:
        """See `ParkingLot.release`. Raises `Unavailable`."""
        async with self._looking:
            return await self._whole(parking.release(await self._connected(), queue, event_id))

    async def depth(self, queue: str) -> QueueDepth:
        """See `ParkingLot.depth`: what waits here or at the broker, what this process holds. Raises `Unavailable`."""
        session = await self._connected()
        names = (queue, topology.again(queue), topology.parked(queue))
        fresh, suspects, parked = [await self._whole(session.ready(name)) for name in names]
        buffered = list(self._buffered(queue))
        waiting = fresh + suspects + len(buffered)
        leased = self._hands.count(queue)
        # Only what was taken has been seen: the lag of the last one stands for those that wait behind it.
        oldest = min(buffered, key=lambda one: one.sent_at) if buffered else self._last_taken.get(queue)
        oldest_s = (now() - oldest.sent_at).total_seconds() if waiting and oldest else 0.0
        return QueueDepth(queue, waiting, leased, parked, max(0.0, oldest_s))

    # the connection

    def _begin(self, session: Session | None = None) -> None:
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(session), name="rabbitmq")

            if session is not None:
                self._arrived_at(session)

    async def _keep(self, session: Session | None) -> None:
        """Hold a connection for ever; jitter keeps the services of a restarted broker from coming all at once."""
        attempt = 0
        while True:
            try:
                if session is None:
                    session = await Session.open(self._url, self._name)
                    self._arrived_at(session)
                    metrics.BROKER_RECONNECTS.inc()
                    _log.info("messaging.broker.connected", attempts=attempt + 1)
                attempt = 0
                await session.lost.wait()
                self._departed_from(session)
                _log.warning("messaging.broker.lost", reason=session.reason)
                await session.abandon()
            except (StartError, Unavailable) as error:
                attempt += 1
                if self._problem != str(error):
                    _log.warning("messaging.broker.away", problem=str(error))
                self._problem = str(error)
            finally:
                if session is not None and session.lost.is_set():
                    session = None
            longest_s = min(PAUSE_LONGEST_S, PAUSE_FIRST_S * 2**attempt)
            await asyncio.sleep(random.uniform(longest_s / 4, longest_s))  # noqa: S311 - jitter, not a secret

    def _arrived_at(self, session: Session) -> None:
        self._session = session
        self._up.set()
        metrics.BROKER_UP.set(1)
        for news in self._news.values():
            news.set()  # whoever waits subscribes anew

    def _departed_from(self, session: Session) -> None:
        """The broker delivers again what we had: that is no try of theirs."""
        self._session = None
        self._up.clear()
        self._problem = f"the broker is away: {session.reason}"
        metrics.BROKER_UP.set(0)
        self._hands.excuse(self._buffered())
        for reader in self._readers.values():
            reader.cancel()
        self._readers.clear()

    async def _connected(self) -> Session:
        self._begin()
        if self._session is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await self._up.wait()
        if self._session is None:
            raise Unavailable(self._problem)
        return self._session

    async def _whole(self, operation: Coroutine[Any, Any, Answer]) -> Answer:
        """Run it to its end even if its caller is cancelled: an exchange cut in half costs the whole connection."""
        return await asyncio.shield(self._errand(operation))

    def _errand(self, operation: Coroutine[Any, Any, Answer]) -> "asyncio.Task[Answer]":
        task = asyncio.create_task(operation)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    # what arrives

    async def _reader(self, queue: str) -> _Reader | None:
        """What arrived of a queue, subscribed at the first call; None while the broker is away."""
        self._begin()
        session = self._session
        if session is None or session.lost.is_set():
            return None
        if queue not in self._readers:
            self._readers[queue] = self._errand(self._subscribe(session, queue))
        task = self._readers[queue]
        try:
            return await asyncio.shield(task)
        except Unavailable:
            return None
        except asyncio.CancelledError:
            if task.cancelled() and not _is_cancelled():
                return None
            raise

    async def _subscribe(self, session: Session, queue: str) -> _Reader:
        reader = _Reader()
        for alone, name in ((True, topology.again(queue)), (False, queue)):
            arrive = partial(self._arrive, session, reader, queue, alone)
            await session.consume(name, alone=alone, arrive=arrive)
        return reader

    async def _arrive(
        self, session: Session, reader: _Reader, queue: str, alone: bool, message: AbstractIncomingMessage
    ) -> None:
        if session is not self._session:
            return
        deaths = messages.number(message.headers, "x-delivery-count")
        try:
            event = wire.decode(message.body)
        except ValueError as error:
            # Nobody will ever understand it: a person must look.
            await session.send(
                "", topology.parked(queue), messages.set_aside(message, deaths + 1, f"no event: {error}")
            )
            await session.ack(message)
            return
        deaths -= min(deaths, self._hands.excuses(queue, event.id))
        spent = messages.number(message.headers, messages.TRIES)
        if deaths and not alone:
            # It was handed out from here at most once, whatever happened while it lay in a prefetch.
            self._hands.lease_over([self._hands.hold(Arrived(message, queue, event, spent), session, spent + 1)])
            return
        arrived = Arrived(message, queue, event, spent + deaths)
        (reader.suspects if alone else reader.fresh).append(arrived)
        self._news[queue].set()

    def _buffered(self, queue: str | None = None) -> Iterator[Arrived]:
        for name, task in self._readers.items():
            if queue in (None, name) and task.done() and not task.cancelled() and task.exception() is None:
                yield from task.result().suspects
                yield from task.result().fresh


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
