"""One connection to RabbitMQ, from its opening to its loss. Nothing of it is mended: what is lost is opened anew.

Any operation that fails or overruns its time ends the session: the broker then redelivers whatever was open, and nobody is
left waiting on half a conversation. A refused message (a full queue) is no such failure; the session goes on.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aio_pika import Connection
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractIncomingMessage, AbstractMessage
from aio_pika.exceptions import (
    AMQPException,
    AuthenticationError,
    ChannelPreconditionFailed,
    ConnectionClosed,
    DeliveryError,
    InvalidFrameError,
    ProbableAuthenticationError,
    PublishError,
)
from aiormq.exceptions import ChannelAccessRefused
from yarl import URL

from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.messaging import rabbitmq_topology as topology
from filemill.contracts.topics import EXCHANGE

CONNECT_S = 5.0
DECLARE_S = 30.0
OPERATION_S = 10.0
CLOSE_S = 3.0
HEARTBEAT_S = 10
"""A broker that froze is noticed after two of these."""
PREFETCH = 100
"""Two batches of a consumer: one at work, one ready."""

Arrive = Callable[[AbstractIncomingMessage], Awaitable[None]]

_BROKEN = (AMQPException, OSError, RuntimeError, TimeoutError)
"""What aio-pika raises when a connection or channel ends; a `RuntimeError` is its word for a closed one."""


# Each lost connection is several errors with stacks there; the transport says it in one line.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)


class Session:
    """An open connection with our topology declared. `lost` is set once it is of no use any more, `reason` says why."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._consumers: list[tuple[AbstractChannel, str, str]] = []
        self._channels: dict[str, AbstractChannel] = {}
        self._exchanges: dict[str, AbstractExchange] = {}
        self.lost = asyncio.Event()
        self.reason = ""

    @classmethod
    async def open(cls, url: URL, name: str) -> "Session":
        """Connect and declare. Raises `StartError` for what a retry alone cannot mend, `Unavailable` for the rest."""
        session = cls(await _connect(url, name))
        try:
            async with asyncio.timeout(DECLARE_S):
                await session._prepare()
        except BaseException as error:
            await session.abandon()
            if isinstance(error, ChannelPreconditionFailed):
                fix = "delete that queue or name an empty virtual host"
                raise StartError(f"RABBITMQ_URL: {_first_line(error)}; {fix}") from error
            if isinstance(error, ChannelAccessRefused):
                fix = f"user {url.user!r} needs to configure, write and read there"
                raise StartError(f"RABBITMQ_URL: {_first_line(error)}; {fix}") from error
            if isinstance(error, _BROKEN):
                raise Unavailable(f"the broker at {_where(url)} is not ready: {_first_line(error)}") from error
            raise
        return session

    async def _prepare(self) -> None:
        self._connection.close_callbacks.add(lambda _sender, error: self.fail(error or "closed"))
        outlet = await self._channel("outlet", None, on_return_raises=True)
        await self._channel("batches", PREFETCH)
        await self._channel("alone", 1)
        look = self._connection.channel(publisher_confirms=False)
        await look.initialize()
        await topology.declare(outlet, look)
        if not look.is_closed:
            await look.close()
        for name in (EXCHANGE, *{topology.waiting_room(tier) for tier in topology.DELAYS_S}):
            self._exchanges[name] = await outlet.get_exchange(name, ensure=False)
        self._exchanges[""] = outlet.default_exchange

    async def _channel(self, name: str, prefetch: int | None, **options: bool) -> AbstractChannel:
        channel = self._connection.channel(publisher_confirms=prefetch is None, **options)
        await channel.initialize()
        channel.close_callbacks.add(lambda _sender, error: self.fail(error or "a channel closed"))
        if prefetch is not None:
            await channel.set_qos(prefetch_count=prefetch)
            # The broker ends a consumer when its queue is deleted: only a new session, which declares, heals that.
            underlay = await channel.get_underlay_channel()
            underlay.on_consumer_cancel_callbacks.add(lambda _frame: self.fail("a queue was deleted"))
        self._channels[name] = channel
        return channel

    def fail(self, why: object) -> None:
        """This session is over."""
        if not self.lost.is_set():
            self.reason = _first_line(why) or type(why).__name__
            self.lost.set()

    async def send(self, exchange: str, key: str, message: AbstractMessage) -> None:
        """Publish, and return when the broker has it safe in every queue it goes to. Raises `Unavailable`."""
        try:
            async with self._guarded():
                await self._exchanges[exchange].publish(message, key)
        except (DeliveryError, PublishError) as error:
            why = "has no queue for it" if isinstance(error, PublishError) else "has a full queue"
            raise Unavailable(f"The broker took no {key} message: it {why}.", retry_after_s=10) from error

    async def consume(self, queue: str, *, alone: bool, arrive: Arrive) -> None:
        """From now on `arrive` is called with each message. Raises `Unavailable`."""
        channel = self._channels["alone" if alone else "batches"]
        async with self._guarded():
            source = await channel.get_queue(queue, ensure=False)
            self._consumers.append((channel, queue, await source.consume(arrive)))

    async def stop_consuming(self) -> None:
        """No message arrives after this. Raises `Unavailable`."""
        async with self._guarded():
            for channel, queue, tag in self._consumers:
                await (await channel.get_queue(queue, ensure=False)).cancel(tag)
        self._consumers.clear()

    async def ack(self, message: AbstractIncomingMessage) -> None:
        """Settle a message. Lost with the session, it is delivered again: no error of the caller."""
        with contextlib.suppress(Unavailable):
            async with self._guarded():
                await message.ack()

    async def ready(self, queue: str) -> int:
        """How many messages nobody holds. Raises `Unavailable`."""
        async with self._guarded():
            found = await self._channels["outlet"].declare_queue(queue, passive=True)
        return found.declaration_result.message_count or 0

    @contextlib.asynccontextmanager
    async def side_channel(self, prefetch: int) -> AsyncIterator[AbstractChannel]:
        """A channel for one errand; closing it puts back what it took. Raises `Unavailable`."""
        async with self._guarded():
            channel = self._connection.channel(publisher_confirms=False)
            async with channel:
                await channel.set_qos(prefetch_count=prefetch)
                yield channel

    async def abandon(self) -> None:
        """Close the connection if it still can be; what it held is the broker's again."""
        self.fail("closed")
        with contextlib.suppress(*_BROKEN):
            async with asyncio.timeout(CLOSE_S):
                await self._connection.close()

    @contextlib.asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        if self.lost.is_set():
            raise Unavailable(f"The broker is away: {self.reason}.")
        try:
            async with asyncio.timeout(OPERATION_S):
                yield
        except (DeliveryError, PublishError):
            raise
        except _BROKEN as error:
            self.fail(error)
            raise Unavailable(f"The broker is away: {self.reason}.") from error
        except asyncio.CancelledError as error:
            task: asyncio.Task[Any] | None = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # A connection that ends cancels what waits for it; nobody cancelled us.
            self.fail("the connection ended")
            raise Unavailable(f"The broker is away: {self.reason}.") from error


async def _connect(url: URL, name: str) -> Connection:
    if "heartbeat" not in url.query:
        url = url.update_query(heartbeat=HEARTBEAT_S)
    connection = Connection(url, client_properties={"connection_name": name})
    try:
        await connection.connect(timeout=CONNECT_S)
    except BaseException as error:
        await connection.close()
        where = _where(url)
        if isinstance(error, AuthenticationError | ProbableAuthenticationError):
            problem = f"the broker at {where} refuses user {url.user!r}; correct user and password"
            raise StartError(f"RABBITMQ_URL: {problem}") from error
        # The second is the client's word for "not allowed" where an "open" was expected.
        if isinstance(error, ConnectionClosed | InvalidFrameError):
            vhost = url.path.removeprefix("/") or "/"
            problem = f"the broker at {where} does not let {url.user!r} into virtual host {vhost!r}"
            raise StartError(f"RABBITMQ_URL: {problem}; create it or grant access") from error
        if isinstance(error, _BROKEN):
            why = _first_line(error) or f"silent for {CONNECT_S:g} s"
            raise Unavailable(f"no broker answers at {where} ({why})") from error
        raise
    return connection


def _where(url: URL) -> str:
    return f"{url.host}:{url.port or (5671 if url.scheme == 'amqps' else 5672)}"


def _first_line(what: object) -> str:
    """Never more than a line of what the client library says; it never holds the URL's password."""
    return str(what).strip().split("\n", 1)[0][:300]
