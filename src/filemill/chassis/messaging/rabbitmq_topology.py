"""What filemill keeps in RabbitMQ, all of it durable and made again at each connection, so that services start in any order.

    files (topic exchange, key = event type) -> Q          for each queue Q of `contracts.topics`
    Q          fresh messages, taken in batches
    Q.again    messages that failed or killed somebody, taken one at a time
    Q.parked   messages set aside for a person
    files.delay.<n>s   waiting rooms shared by all queues; after n seconds the message goes to the queue its key names

Every queue is a quorum queue with a bound. Full means that the broker refuses what is published (and a publisher keeps it),
never that it drops. A message the broker delivered `DELIVERIES_MOST` times goes to `Q.parked` by itself: the last net below
the consumer, which parks earlier. Only what RabbitMQ 3.10 and 4.x both have is used.
"""

import asyncio
from typing import Any

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelNotFoundEntity

from filemill.chassis.ids import new_id
from filemill.contracts.topics import EXCHANGE, QUEUES

WAITING_MOST = 1_000_000
"""Messages in one queue, about 1.5 GB of disk. Reached only by a queue nobody reads for days."""
PARKED_MOST = 10_000
PARKED_BYTES_MOST = 64 * 1024 * 1024
"""Looking at what is parked reads all of it, so it is kept small."""
DELIVERIES_MOST = 20
PEEKS_MOST = 1_000_000_000
"""Each look at a parked message counts as a delivery; RabbitMQ 4 drops after 20 unless told otherwise."""
DELAYS_S = (1, 5, 15, 30)
SETTLE_LIFE_S = 60
"""Of a queue that is made only to be deleted, if its maker died in between."""


def again(queue: str) -> str:
    """Where the suspects of a queue wait."""
    return f"{queue}.again"


def parked(queue: str) -> str:
    """Where a queue's messages are set aside."""
    return f"{queue}.parked"


def waiting_room(delay_s: float) -> str:
    """The exchange of the shortest delay that is long enough; the longest there is for more."""
    return f"{EXCHANGE}.delay.{next((tier for tier in DELAYS_S if tier >= delay_s), DELAYS_S[-1])}s"


async def declare(channel: AbstractChannel, look: AbstractChannel) -> None:
    """Make what is missing. `look` is used up: the broker closes it if something is.

    Raises aio-pika's `ChannelPreconditionFailed` if something is there with other settings.
    """
    complete = await _is_complete(look)
    files = await channel.declare_exchange(EXCHANGE, ExchangeType.TOPIC, durable=True)
    await asyncio.gather(*[_declare_queue(channel, queue) for queue in QUEUES])
    for name, topics in QUEUES.items():
        queue = await channel.get_queue(name, ensure=False)
        await asyncio.gather(*[queue.bind(files, topic.value) for topic in sorted(topics)])
    for tier in DELAYS_S:
        name = waiting_room(tier)
        room = await channel.declare_exchange(name, ExchangeType.FANOUT, durable=True)
        arguments = _bounded(WAITING_MOST) | {"x-message-ttl": tier * 1000} | _dead_letters_to()
        await (await channel.declare_queue(name, durable=True, arguments=arguments)).bind(room)

    if not complete:
        await settle(channel)


async def settle(channel: AbstractChannel) -> None:
    """Let the broker write down the queues that it has just made, by making one more and deleting it.

    RabbitMQ keeps the last quorum queue made in memory for about a second. Killed meanwhile, it comes back with that queue
    empty and without a leader, for ever: nobody can publish to it or read from it until somebody deletes it
    (https://github.com/rabbitmq/rabbitmq-server/issues/15725 is about the same state).
    """
    name = f"{EXCHANGE}.settle.{new_id()}"
    arguments: dict[str, Any] = {"x-queue-type": "quorum", "x-expires": SETTLE_LIFE_S * 1000}
    await channel.declare_queue(name, durable=True, arguments=arguments)
    await channel.queue_delete(name)


async def _is_complete(look: AbstractChannel) -> bool:
    names = [name for queue in QUEUES for name in (queue, again(queue), parked(queue))]
    try:
        for name in (*names, *map(waiting_room, DELAYS_S)):
            await look.declare_queue(name, passive=True)
    except ChannelNotFoundEntity:
        return False
    return True


async def _declare_queue(channel: AbstractChannel, name: str) -> None:
    aside = _bounded(PARKED_MOST) | {"x-max-length-bytes": PARKED_BYTES_MOST, "x-delivery-limit": PEEKS_MOST}
    await channel.declare_queue(parked(name), durable=True, arguments=aside)
    live = _bounded(WAITING_MOST) | {"x-delivery-limit": DELIVERIES_MOST} | _dead_letters_to(parked(name))
    for one in (name, again(name)):
        await channel.declare_queue(one, durable=True, arguments=live)


def _bounded(most: int) -> dict[str, Any]:
    return {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-max-length": most}


def _dead_letters_to(queue: str | None = None) -> dict[str, Any]:
    """To this queue, else to the one the message's routing key names; kept here until it is safe there."""
    key = {"x-dead-letter-routing-key": queue} if queue else {}
    return {"x-dead-letter-exchange": "", "x-dead-letter-strategy": "at-least-once"} | key
