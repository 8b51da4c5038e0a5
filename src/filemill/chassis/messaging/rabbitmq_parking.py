"""Looking at a parking queue. A queue has no way to look without taking, so: take all, look, put all back.

What is taken is put back when the side channel closes, whatever happens in between. Two lookers at once each see a part.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aio_pika.abc import AbstractIncomingMessage

from filemill.chassis.messaging import rabbitmq_messages as messages
from filemill.chassis.messaging.rabbitmq_session import Session
from filemill.chassis.messaging.rabbitmq_topology import PARKED_MOST, parked
from filemill.contracts.health import ParkedMessage

QUIET_S = 1.0
"""No message for so long: somebody else is looking at the rest."""


async def look(session: Session, queue: str, most: int) -> list[ParkedMessage]:
    """The parked messages of a queue, newest first. Raises `Unavailable`."""
    async with _taken(session, queue) as taken:
        all_of_them = [messages.shown(message, queue) for message in taken]
    # Of two parked in the same instant the later one lies later in the queue.
    all_of_them.reverse()
    all_of_them.sort(key=lambda one: one.parked_at, reverse=True)
    return all_of_them[:most]


async def release(session: Session, queue: str, event_id: str) -> bool:
    """Put one back into its queue as if it were new; False if it is not there. Raises `Unavailable`."""
    async with _taken(session, queue) as taken:
        for message in taken:
            if messages.identity(message) == event_id:
                await session.send("", queue, messages.again(message))
                await message.ack()
                return True
    return False


@contextlib.asynccontextmanager
async def _taken(session: Session, queue: str) -> AsyncIterator[list[AbstractIncomingMessage]]:
    count = min(await session.ready(parked(queue)), PARKED_MOST)
    if not count:
        yield []
        return
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    async with session.side_channel(prefetch=count) as channel:
        source = await channel.get_queue(parked(queue), ensure=False)
        await source.consume(arrived.put)
        taken: list[AbstractIncomingMessage] = []
        with contextlib.suppress(TimeoutError):
            while len(taken) < count:
                async with asyncio.timeout(QUIET_S):
                    taken.append(await arrived.get())
        yield taken
