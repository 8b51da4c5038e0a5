"""One suite for every transport: what the port promises, whatever is behind it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from filemill.chassis.ids import new_id
from filemill.chassis.messaging.memory_transport import MemoryTransport
from filemill.chassis.messaging.sqlite_transport import SqliteTransport
from filemill.contracts.envelope import Event
from filemill.contracts.topics import QUEUES, Topic, queues_for
from support import samples

QUEUE = "processing.intake"
LEASE_S = 30.0
AnyTransport = MemoryTransport | SqliteTransport


@dataclass
class Broker:
    """A transport, and how another process of the same broker is made."""

    transport: AnyTransport
    reopen: Callable[[], AnyTransport]
    folder: Path | None = None


@pytest.fixture(params=["memory", "sqlite"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    if request.param == "memory":
        memory = MemoryTransport()
        yield Broker(memory, lambda: memory)
        return
    opened = [SqliteTransport(tmp_path / "queues")]

    def reopen() -> SqliteTransport:
        opened.append(SqliteTransport(tmp_path / "queues"))
        return opened[-1]

    yield Broker(opened[0], reopen, tmp_path / "queues")
    for transport in opened:
        await transport.close()


@pytest.fixture
def transport(broker: Broker) -> AnyTransport:
    return broker.transport


def an_upload() -> Event:
    return samples.event(Topic.UPLOADED, samples.uploaded(new_id()))


async def take_until(transport: AnyTransport, count: int) -> list[str]:
    """Ids of the next `count` messages, as they become due."""
    ids: list[str] = []
    async with asyncio.timeout(10):
        while len(ids) < count:
            ids += [one.event.id for one in await transport.take(QUEUE, 10, LEASE_S)]
            await transport.wait(QUEUE, 0.02)
    return ids


@pytest.mark.parametrize("topic", list(Topic))
async def test_publish_when_queues_are_bound_then_each_of_them_gets_the_event_and_no_other(
    transport: AnyTransport, topic: Topic
) -> None:
    """The static table decides who gets an event, for every type there is."""
    event = samples.event(topic, samples.lifecycle(new_id()))
    await transport.publish([event])
    got = {queue for queue in QUEUES if await transport.take(queue, 10, LEASE_S)}
    assert got == set(queues_for(topic))


async def test_take_when_there_are_messages_then_oldest_first_unchanged_and_leased(transport: AnyTransport) -> None:
    """A message arrives as it was sent, in order, and is nobody else's while it is leased."""
    events = [an_upload() for _ in range(5)]
    await transport.publish(events)
    first = await transport.take(QUEUE, 3, LEASE_S)
    second = await transport.take(QUEUE, 3, LEASE_S)
    assert [one.event for one in first + second] == events
    assert {one.tries for one in first + second} == {1}
    assert await transport.take(QUEUE, 3, LEASE_S) == []


async def test_take_when_the_lease_is_over_then_it_is_taken_again_and_counted(transport: AnyTransport) -> None:
    """A taker that never answers keeps a message only until its lease ends."""
    await transport.publish([an_upload()])
    await transport.take(QUEUE, 1, -1.0)
    (again,) = await transport.take(QUEUE, 1, LEASE_S)
    assert again.tries == 2


async def test_ack_when_handled_then_it_is_gone_and_a_late_copy_is_a_new_message(transport: AnyTransport) -> None:
    """What is acked is forgotten; telling apart copies over time is the inbox's work."""
    event = an_upload()
    await transport.publish([event])
    await transport.ack(await transport.take(QUEUE, 1, LEASE_S))
    assert (await transport.depth(QUEUE)).leased == 0
    await transport.publish([event])
    assert [one.event.id for one in await transport.take(QUEUE, 5, LEASE_S)] == [event.id]


async def test_publish_when_a_copy_still_waits_then_there_is_one(transport: AnyTransport) -> None:
    """A relay that was killed before it could mark an event sends it again: one copy is enough."""
    event = an_upload()
    await transport.publish([event, event])
    await transport.publish([event])
    assert (await transport.depth(QUEUE)).waiting == 1


async def test_retry_when_it_counts_then_it_comes_after_its_pause_with_one_more_try(transport: AnyTransport) -> None:
    """A failed message steps back, lets others pass and comes again."""
    bad, good = an_upload(), an_upload()
    await transport.publish([bad])
    (taken,) = await transport.take(QUEUE, 1, LEASE_S)
    began_s = time.monotonic()
    await transport.retry(taken, 0.15, "it broke")
    await transport.publish([good])
    assert await take_until(transport, 2) == [good.id, bad.id]
    assert time.monotonic() - began_s > 0.1
    assert (await transport.depth(QUEUE)).leased == 2


async def test_retry_when_the_message_is_not_to_blame_then_the_try_is_forgotten(transport: AnyTransport) -> None:
    """A database that is away must not park good messages."""
    await transport.publish([an_upload()])
    for _ in range(7):
        (taken,) = await transport.take(QUEUE, 1, LEASE_S)
        assert taken.tries == 1
        await transport.retry(taken, 0.0, "the database is away", counts=False)


async def test_park_when_given_up_then_it_is_listed_with_its_reason_and_never_taken(transport: AnyTransport) -> None:
    """A poisoned message waits for a person, with all that a person needs to know."""
    event = an_upload()
    await transport.publish([event])
    (taken,) = await transport.take(QUEUE, 1, LEASE_S)
    await transport.park(taken, "KeyError: 'x'")
    assert await transport.take(QUEUE, 1, LEASE_S) == []
    (parked,) = await transport.parked(QUEUE, 10)
    assert (parked.id, parked.queue, parked.type, parked.file_id) == (event.id, QUEUE, event.type, event.subject)
    assert (parked.tries, parked.reason) == (1, "KeyError: 'x'")
    assert parked.trace_id == samples.TRACEPARENT[3:35]
    assert event.id in parked.retry_command


async def test_parked_when_there_are_many_then_newest_first_and_bounded(transport: AnyTransport) -> None:
    """The list a person sees begins with what went wrong last."""
    events = [an_upload() for _ in range(4)]
    await transport.publish(events)
    for taken in await transport.take(QUEUE, 4, LEASE_S):
        await transport.park(taken, "broken")
    assert [one.id for one in await transport.parked(QUEUE, 3)] == [one.id for one in events[:0:-1]]


async def test_release_when_parked_then_it_comes_back_with_fresh_tries(transport: AnyTransport) -> None:
    """After the fault is mended the message gets all its tries again; releasing twice is not possible."""
    event = an_upload()
    await transport.publish([event])
    for _ in range(3):
        (taken,) = await transport.take(QUEUE, 1, -1.0)
    await transport.park(taken, "broken")
    assert await transport.release(QUEUE, event.id)
    assert not await transport.release(QUEUE, event.id)
    assert not await transport.release(QUEUE, new_id())
    (again,) = await transport.take(QUEUE, 1, LEASE_S)
    assert again.tries == 1


async def test_depth_when_messages_are_in_every_state_then_each_is_counted_once(transport: AnyTransport) -> None:
    """An operator sees waiting, leased and parked apart, and how old the oldest is."""
    await transport.publish([an_upload() for _ in range(6)])
    taken = await transport.take(QUEUE, 3, LEASE_S)
    await transport.park(taken[0], "broken")
    depth = await transport.depth(QUEUE)
    assert (depth.queue, depth.waiting, depth.leased, depth.parked) == (QUEUE, 3, 2, 1)
    assert 0 <= depth.oldest_s < 10
    assert (await transport.depth("upload.copies")).oldest_s == 0.0


async def test_wait_when_something_is_published_then_it_returns_at_once(transport: AnyTransport) -> None:
    """A sleeping consumer is woken by a message, not by its clock."""
    await transport.wait(QUEUE, 0.0)
    waiting = asyncio.create_task(transport.wait(QUEUE, 30.0))
    await asyncio.sleep(0)
    await transport.publish([an_upload()])
    async with asyncio.timeout(5):
        await waiting


async def test_wait_when_nothing_comes_then_it_returns_after_its_time(transport: AnyTransport) -> None:
    """A lost ring costs one look, not a message."""
    await transport.wait(QUEUE, 0.0)
    began_s = time.monotonic()
    await transport.wait(QUEUE, 0.05)
    assert 0.04 < time.monotonic() - began_s < 5


async def test_close_when_messages_are_in_hand_then_they_are_given_back_without_counting(broker: Broker) -> None:
    """A polite stop is not a failed try."""
    await broker.transport.publish([an_upload()])
    await broker.transport.take(QUEUE, 1, LEASE_S)
    await broker.transport.close()
    (again,) = await broker.reopen().take(QUEUE, 1, LEASE_S)
    assert again.tries == 1


async def test_take_when_two_take_at_once_then_no_message_is_given_to_both(broker: Broker) -> None:
    """Consumers share a queue without ever sharing a message."""
    other = broker.reopen()
    events = [an_upload() for _ in range(60)]
    await broker.transport.publish(events)
    takes = [one.take(QUEUE, 7, LEASE_S) for _ in range(5) for one in (broker.transport, other)]
    got = [delivery.event.id for taken in await asyncio.gather(*takes) for delivery in taken]
    assert sorted(got) == sorted(event.id for event in events)


_TAKE_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from filemill.chassis.messaging.sqlite_transport import SqliteTransport

async def main():
    taken = await SqliteTransport(Path(sys.argv[1])).take(sys.argv[2], 10, 3600.0)
    print(len(taken), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_take_when_the_holder_was_killed_then_its_messages_are_free_at_once(broker: Broker) -> None:
    """A dead process on this machine keeps no message until its lease ends; the try counts, and each comes alone."""
    if broker.folder is None:
        pytest.skip("a broker in memory dies with its process")
    await broker.transport.publish([an_upload(), an_upload()])
    command = [sys.executable, "-c", _TAKE_AND_DIE, str(broker.folder), QUEUE]
    child = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30, check=False)
    assert (child.returncode, child.stdout) == (-9, b"2\n"), child.stderr
    again = [await broker.transport.take(QUEUE, 10, LEASE_S) for _ in range(2)]
    assert [[one.tries for one in taken] for taken in again] == [[2], [2]]


async def test_publish_when_the_process_restarts_then_nothing_is_lost(broker: Broker) -> None:
    """What was published is there for a process that starts later."""
    if broker.folder is None:
        pytest.skip("a broker in memory dies with its process")
    events = [an_upload() for _ in range(3)]
    await broker.transport.publish(events)
    assert [one.event for one in await broker.reopen().take(QUEUE, 10, LEASE_S)] == events
