"""One suite for every transport: what the port promises, whatever is behind it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from filemill.chassis.ids import new_id
from filemill.chassis.messaging.memory_transport import MemoryTransport
from filemill.chassis.messaging.rabbitmq_transport import RabbitMqTransport
from filemill.chassis.messaging.sqlite_transport import SqliteTransport
from filemill.chassis.messaging.transport import Broker, Delivery, QueueDepth
from filemill.contracts.envelope import Event
from filemill.contracts.topics import QUEUES, Topic, queues_for
from support import samples

pytestmark = pytest.mark.core

QUEUE = "processing.intake"
LEASE_S = 30.0
DEADLINE_S = 20.0


@dataclass
class Place:
    """A broker: its transport, how another process of it is made, and the source of one for a child process."""

    transport: Broker
    reopen: Callable[[], Awaitable[Broker]]
    opener: str = ""
    keeps_one_copy: bool = True


@pytest.fixture(params=["memory", "sqlite", pytest.param("rabbitmq", marks=pytest.mark.servers)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    opened: list[Broker] = []
    make: Callable[[], Broker]
    if request.param == "memory":
        memory = MemoryTransport()
        make, opener = lambda: memory, ""
    elif request.param == "sqlite":
        folder = tmp_path / "queues"
        make, opener = lambda: SqliteTransport(folder), f"SqliteTransport(Path({str(folder)!r}))"
    else:
        url = request.getfixturevalue("vhost")
        make, opener = lambda: RabbitMqTransport(url), f"RabbitMqTransport({url!r})"

    async def reopen() -> Broker:
        opened.append(make())
        await opened[-1].check()
        return opened[-1]

    yield Place(await reopen(), reopen, opener, request.param != "rabbitmq")
    for transport in opened:
        await transport.close()


@pytest.fixture
def transport(place: Place) -> Broker:
    return place.transport


async def take(
    transport: Broker, count: int, most: int = 10, queue: str = QUEUE, lease_s: float = LEASE_S
) -> list[Delivery]:
    """The next `count` messages, at most `most` at a time, once they are due: a broker far away needs a moment."""
    taken: list[Delivery] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(taken) < count:
            taken += await transport.take(queue, min(most, count - len(taken)), lease_s)
            await transport.wait(queue, 0.02)
    return taken


async def nothing_to_take(transport: Broker, queue: str = QUEUE) -> bool:
    """Whether there is nothing, also a moment later."""
    await transport.wait(queue, 0.2)
    return await transport.take(queue, 10, LEASE_S) == []


async def depth_once(transport: Broker, right: Callable[[QueueDepth], bool]) -> QueueDepth:
    """The depth as soon as it is as expected."""
    async with asyncio.timeout(DEADLINE_S):
        while not right(depth := await transport.depth(QUEUE)):
            await transport.wait(QUEUE, 0.02)
    return depth


def an_upload() -> Event:
    return samples.event(Topic.UPLOADED, samples.uploaded(new_id()))


@pytest.mark.parametrize("topic", list(Topic))
async def test_publish_when_queues_are_bound_then_each_of_them_gets_the_event_and_no_other(
    transport: Broker, topic: Topic
) -> None:
    """The static table decides who gets an event, for every type there is."""
    event = samples.event(topic, samples.lifecycle(new_id()))
    await transport.publish([event])
    for queue in queues_for(topic):
        assert [one.event for one in await take(transport, 1, queue=queue)] == [event]
    assert all([await nothing_to_take(transport, queue) for queue in QUEUES if queue not in queues_for(topic)])


async def test_take_when_there_are_messages_then_oldest_first_unchanged_and_leased(transport: Broker) -> None:
    """A message arrives as it was sent, in order, and is nobody else's while it is leased."""
    events = [an_upload() for _ in range(5)]
    await transport.publish(events)
    taken = await take(transport, 5, most=3)
    assert [one.event for one in taken] == events
    assert {one.tries for one in taken} == {1}
    assert await nothing_to_take(transport)


async def test_take_when_the_lease_is_over_then_it_is_taken_again_and_counted(transport: Broker) -> None:
    """A taker that never answers keeps a message only until its lease ends."""
    await transport.publish([an_upload()])
    await take(transport, 1, lease_s=-1.0)
    (again,) = await take(transport, 1)
    assert again.tries == 2


async def test_ack_when_handled_then_it_is_gone_and_a_late_copy_is_a_new_message(transport: Broker) -> None:
    """What is acked is forgotten; telling apart copies over time is the inbox's work."""
    event = an_upload()
    await transport.publish([event])
    await transport.ack(await take(transport, 1))
    assert (await transport.depth(QUEUE)).leased == 0
    await transport.publish([event])
    assert [one.event.id for one in await take(transport, 1)] == [event.id]


async def test_publish_when_a_copy_still_waits_then_there_is_one_or_the_inbox_must_drop_the_others(
    place: Place,
) -> None:
    """A relay that was killed before it could mark an event sends it again; RabbitMQ does not tell copies apart."""
    event = an_upload()
    await place.transport.publish([event, event])
    await place.transport.publish([event])
    copies = 1 if place.keeps_one_copy else 3
    await depth_once(place.transport, lambda depth: depth.waiting == copies)


async def test_retry_when_it_counts_then_it_comes_after_its_pause_with_one_more_try(transport: Broker) -> None:
    """A failed message steps back, lets others pass and comes again."""
    bad, good = an_upload(), an_upload()
    await transport.publish([bad])
    (taken,) = await take(transport, 1)
    began_s = time.monotonic()
    await transport.retry(taken, 0.15, "it broke")
    await transport.publish([good])
    first, second = await take(transport, 2)
    assert [(first.event.id, first.tries), (second.event.id, second.tries)] == [(good.id, 1), (bad.id, 2)]
    assert time.monotonic() - began_s > 0.1
    assert (await transport.depth(QUEUE)).leased == 2


async def test_retry_when_the_message_is_not_to_blame_then_the_try_is_forgotten(transport: Broker) -> None:
    """A database that is away must not park good messages."""
    await transport.publish([an_upload()])
    for _ in range(7):
        (taken,) = await take(transport, 1)
        assert taken.tries == 1
        await transport.retry(taken, 0.0, "the database is away", counts=False)


async def test_park_when_given_up_then_it_is_listed_with_its_reason_and_never_taken(transport: Broker) -> None:
    """A poisoned message waits for a person, with all that a person needs to know."""
    event = an_upload()
    await transport.publish([event])
    (taken,) = await take(transport, 1)
    await transport.park(taken, "KeyError: 'x'")
    assert await nothing_to_take(transport)
    (parked,) = await transport.parked(QUEUE, 10)
    assert (parked.id, parked.queue, parked.type, parked.file_id) == (event.id, QUEUE, event.type, event.subject)
    assert (parked.tries, parked.reason) == (1, "KeyError: 'x'")
    assert parked.trace_id == samples.TRACEPARENT[3:35]
    assert event.id in parked.retry_command


async def test_parked_when_there_are_many_then_newest_first_and_bounded(transport: Broker) -> None:
    """The list a person sees begins with what went wrong last."""
    events = [an_upload() for _ in range(4)]
    await transport.publish(events)
    for taken in await take(transport, 4):
        await transport.park(taken, "broken")
    assert [one.id for one in await transport.parked(QUEUE, 3)] == [one.id for one in events[:0:-1]]


async def test_release_when_parked_then_it_comes_back_with_fresh_tries(transport: Broker) -> None:
    """After the fault is mended the message gets all its tries again; releasing twice is not possible."""
    event = an_upload()
    await transport.publish([event])
    for _ in range(2):
        await take(transport, 1, lease_s=-1.0)
    (taken,) = await take(transport, 1)
    assert taken.tries == 3
    await transport.park(taken, "broken")
    assert await transport.release(QUEUE, event.id)
    assert not await transport.release(QUEUE, event.id)
    assert not await transport.release(QUEUE, new_id())
    (again,) = await take(transport, 1)
    assert again.tries == 1


async def test_depth_when_messages_are_in_every_state_then_each_is_counted_once(transport: Broker) -> None:
    """An operator sees waiting, leased and parked apart, and how old the oldest is."""
    await transport.publish([an_upload() for _ in range(6)])
    taken = await take(transport, 3)
    await transport.park(taken[0], "broken")
    depth = await depth_once(transport, lambda depth: (depth.waiting, depth.leased, depth.parked) == (3, 2, 1))
    assert depth.queue == QUEUE
    assert 0 <= depth.oldest_s < DEADLINE_S
    assert (await transport.depth("upload.copies")).oldest_s == 0.0


async def test_wait_when_something_is_published_then_it_returns_at_once(transport: Broker) -> None:
    """A sleeping consumer is woken by a message, not by its clock."""
    await transport.wait(QUEUE, 0.0)
    waiting = asyncio.create_task(transport.wait(QUEUE, 30.0))
    await asyncio.sleep(0)
    await transport.publish([an_upload()])
    async with asyncio.timeout(5):
        await waiting


async def test_wait_when_nothing_comes_then_it_returns_after_its_time(transport: Broker) -> None:
    """A lost ring costs one look, not a message."""
    await transport.wait(QUEUE, 0.0)
    began_s = time.monotonic()
    await transport.wait(QUEUE, 0.05)
    assert 0.04 < time.monotonic() - began_s < 5


async def test_close_when_messages_are_in_hand_then_they_are_given_back_without_counting(place: Place) -> None:
    """A polite stop is not a failed try."""
    events = [an_upload() for _ in range(3)]
    await place.transport.publish(events)
    await take(place.transport, 2)
    await place.transport.close()
    again = await take(await place.reopen(), 3)
    assert {one.event.id: one.tries for one in again} == {event.id: 1 for event in events}


async def test_take_when_two_take_at_once_then_no_message_is_given_to_both(place: Place) -> None:
    """Consumers share a queue without ever sharing a message."""
    both = [place.transport, await place.reopen()]
    events = [an_upload() for _ in range(60)]
    await place.transport.publish(events)
    got: list[str] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(got) < len(events):
            takes = [one.take(QUEUE, 7, LEASE_S) for _ in range(5) for one in both]
            got += [delivery.event.id for taken in await asyncio.gather(*takes) for delivery in taken]
            await place.transport.wait(QUEUE, 0.02)
    assert sorted(got) == sorted(event.id for event in events)
    assert all([await nothing_to_take(one) for one in both])


_TAKE_AND_DIE = """
import asyncio, os, signal
from pathlib import Path
from filemill.chassis.messaging.rabbitmq_transport import RabbitMqTransport
from filemill.chassis.messaging.sqlite_transport import SqliteTransport

async def main():
    transport, taken = {opener}, []
    while len(taken) < {count}:
        taken += await transport.take("{queue}", {count} - len(taken), 3600.0)
        await transport.wait("{queue}", 0.1)
    print(len(taken), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_take_when_the_holder_was_killed_then_its_messages_are_free_at_once(place: Place) -> None:
    """A dead process keeps no message until its lease ends; the try counts, and each comes alone."""
    if not place.opener:
        pytest.skip("a broker in memory dies with its process")
    # Not held by a transport of this test: the child must get them.
    events = [an_upload(), an_upload()]
    await place.transport.publish(events)
    code = _TAKE_AND_DIE.format(opener=place.opener, queue=QUEUE, count=len(events))
    child = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (child.returncode, child.stdout.splitlines()[-1:]) == (-9, [b"2"]), child.stderr
    for _ in events:
        taken = []
        async with asyncio.timeout(DEADLINE_S):
            while not taken:
                await place.transport.wait(QUEUE, 0.1)
                taken = await place.transport.take(QUEUE, 10, LEASE_S)
        assert [one.tries for one in taken] == [2]
        await place.transport.ack(taken)


async def test_publish_when_the_process_restarts_then_nothing_is_lost(place: Place) -> None:
    """What was published is there for a process that starts later."""
    if not place.opener:
        pytest.skip("a broker in memory dies with its process")
    events = [an_upload() for _ in range(3)]
    await place.transport.publish(events)
    assert [one.event for one in await take(await place.reopen(), 3)] == events
