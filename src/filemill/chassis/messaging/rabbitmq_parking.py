"""Looking at a parking queue. A queue has no way to look without taking, so: take all, look, put all back.

What is taken is put back when the side channel closes, whatever happens in between; a looker leaves when it is back, so
that the next one sees all. Two at once, in different processes, each see a part.
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
BACK_POLL_S = 0.01
BACK_POLLS_MOST = 100


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
    left = sum(not message.processed for message in taken)
    for _ in range(BACK_POLLS_MOST):
        if await session.ready(parked(queue)) >= left:
            return
        await asyncio.sleep(BACK_POLL_S)
