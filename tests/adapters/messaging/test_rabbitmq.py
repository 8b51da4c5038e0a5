"""What only a real broker can show: restarts, a bounded queue, a taker's death among many, what a plain client reads."""

import asyncio
import json
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import aio_pika
import pytest
from sqlalchemy import MetaData, text

from filemill.chassis.background import Background
from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import inbox, outbox
from filemill.chassis.messaging import rabbitmq_topology as topology
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.rabbitmq_transport import RabbitMqTransport
from filemill.chassis.messaging.relay import Relay
from filemill.contracts.envelope import Event
from filemill.contracts.topics import EXCHANGE, QUEUES, Topic
from support import samples
from support.servers.ports import free_ports
from support.servers.rabbitmq import RabbitMq

pytestmark = pytest.mark.servers
QUEUE = "processing.intake"
LEASE_S = 30.0
TABLES = MetaData()
outbox.outbox_table(TABLES)
inbox.inbox_table(TABLES)


def an_upload(title: str = "good") -> Event:
    return samples.event(Topic.UPLOADED, samples.uploaded(new_id(), title=title))


def create(tx: Tx) -> None:
    TABLES.create_all(tx)
    tx.execute(text("CREATE TABLE effects (event_id TEXT)"))


def note(tx: Tx, event: Event) -> None:
    """An effect that a second run would show."""
    tx.execute(text("INSERT INTO effects VALUES (:id)"), {"id": event.id})


async def effects(database: Database) -> list[str]:
    return sorted(await database.read(lambda tx: tx.execute(text("SELECT event_id FROM effects")).scalars().all()))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = open_sqlite(tmp_path / "test.db")
    await made.write("test", create)
    yield made
    await made.close()


@pytest.fixture
async def transport(vhost: str) -> AsyncIterator[RabbitMqTransport]:
    made = RabbitMqTransport(vhost)
    await made.check()
    yield made
    await made.close()


async def refused(url: str) -> str:
    """What the start says about this URL, and it says it at once."""
    made = RabbitMqTransport(url)
    async with asyncio.timeout(20):
        with pytest.raises(StartError) as caught:
            await made.check()
    await made.close()
    line = str(caught.value)
    assert line.startswith("RABBITMQ_URL: ")
    assert "\n" not in line
    assert "secret" not in line
    return line


async def test_check_when_the_password_is_wrong_then_the_start_ends_with_one_line(rabbitmq_server: RabbitMq) -> None:
    """A wrong password is not retried for ever, and is never shown."""
    assert "refuses user 'guest'" in await refused(rabbitmq_server.url("", password="secret"))


async def test_check_when_nobody_listens_then_the_start_ends_with_one_line() -> None:
    """The line names the variable, the problem and what to do."""
    line = await refused(f"amqp://guest:secret@127.0.0.1:{free_ports(1)[0]}/")
    assert "no broker answers at 127.0.0.1:" in line
    assert "start the broker" in line


async def test_check_when_the_virtual_host_is_missing_then_the_start_ends_with_one_line(
    rabbitmq_server: RabbitMq,
) -> None:
    """A virtual host is made by an operator, not by us."""
    assert "virtual host 'nowhere'" in await refused(rabbitmq_server.url("nowhere"))


async def test_check_when_a_queue_is_there_with_other_settings_then_the_start_ends_with_one_line(vhost: str) -> None:
    """Somebody else's queue is not taken over."""
    async with await aio_pika.connect(vhost) as connection, connection.channel() as channel:
        await channel.declare_queue(QUEUE, durable=True)
    assert f"queue '{QUEUE}'" in await refused(vhost)


async def test_publish_when_a_plain_client_listens_then_it_reads_cloud_events_and_the_trace(
    transport: RabbitMqTransport, vhost: str
) -> None:
    """Anybody can bind a queue of their own to exchange `files` and needs nothing of ours to read it."""
    event = an_upload()
    async with await aio_pika.connect(vhost) as connection, connection.channel() as channel:
        mine = await channel.declare_queue("mine", durable=True, arguments={"x-queue-type": "quorum"})
        await mine.bind(EXCHANGE, "file.#")
        await transport.publish([event])
        message = await mine.get(timeout=5)
        assert message is not None
        await message.ack()
    body = json.loads(message.body)
    assert (body["specversion"], body["type"], body["subject"], body["id"]) == (
        "1.0",
        "file.uploaded",
        event.subject,
        event.id,
    )
    assert message.headers["traceparent"] == body["traceparent"] == samples.TRACEPARENT
    assert (message.message_id, message.content_type) == (event.id, "application/cloudevents+json")
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT


async def test_take_when_somebody_published_what_is_no_event_then_it_is_parked(
    transport: RabbitMqTransport, vhost: str
) -> None:
    """A stranger's message stops nobody, is shown, and can be sent round again."""
    async with await aio_pika.connect(vhost) as connection, connection.channel() as channel:
        await channel.default_exchange.publish(aio_pika.Message(b"\xff not json"), QUEUE)
    event = an_upload()
    await transport.publish([event])
    async with asyncio.timeout(20):
        while not (taken := await transport.take(QUEUE, 10, LEASE_S)):
            await transport.wait(QUEUE, 0.1)
        while not (parked := await transport.parked(QUEUE, 10)):
            await transport.wait(QUEUE, 0.1)
    assert [one.event for one in taken] == [event]
    assert (parked[0].type, parked[0].file_id) == ("unreadable", None)
    assert await transport.release(QUEUE, parked[0].id)
    assert await transport.take(QUEUE, 10, LEASE_S) == []


async def test_publish_when_a_queue_is_full_then_it_is_unavailable_and_nothing_is_lost(
    transport: RabbitMqTransport, rabbitmq_server: RabbitMq, vhost: str
) -> None:
    """A queue nobody reads is bounded; what does not fit stays with its publisher, who hears of it."""
    name = vhost.rpartition("/")[2]
    policy = {"pattern": "^processing.intake$", "apply-to": "queues", "definition": {"max-length": 5}}
    rabbitmq_server.api("PUT", f"/policies/{name}/small", json.dumps(policy).encode())
    kept: list[Event] = []
    taken: set[str] = set()
    async with asyncio.timeout(60):
        # Without a subscription the queue fills; it refuses once it has noticed that it is over its bound.
        while not kept:
            event = an_upload()
            try:
                await transport.publish([event])
                taken.add(event.id)
            except Unavailable as problem:
                kept.append(event)
                said = problem.detail
        assert "full queue" in said
        assert (await transport.depth(QUEUE)).waiting >= 5
        rabbitmq_server.api("DELETE", f"/policies/{name}/small")
        while kept:
            try:
                await transport.publish(kept)
                taken |= {event.id for event in kept}
                kept.clear()
            except Unavailable:
                await transport.wait("upload.copies", 0.2)
        got: set[str] = set()
        while not taken <= got:
            deliveries = await transport.take(QUEUE, 50, LEASE_S)
            got |= {one.event.id for one in deliveries}
            await transport.ack(deliveries) if deliveries else await transport.wait(QUEUE, 0.1)
    assert got == taken


_CONSUMER_THAT_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from sqlalchemy import text
from filemill.chassis.database.build import open_sqlite
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.rabbitmq_transport import RabbitMqTransport

def note(tx, event):
    tx.execute(text("INSERT INTO effects VALUES (:id)"), {"id": event.id})
    if event.data["title"] == "poison":
        os.kill(os.getpid(), signal.SIGKILL)

async def main(url, path, queue, count):
    database, transport = open_sqlite(Path(path)), RabbitMqTransport(url)
    consumer = Consumer(queue, transport, database, {"file.uploaded": note})
    def effects(tx):
        return tx.execute(text("SELECT count(*) FROM effects")).scalar_one()
    while await database.read(effects) < count or not (await transport.depth(queue)).parked:
        if not await consumer.consume_some():
            await transport.wait(queue, 0.2)
    await transport.close()
    await database.close()

asyncio.run(main(*sys.argv[1:4], int(sys.argv[4])))
"""


async def test_consume_when_a_message_kills_its_taker_then_it_alone_is_parked(
    transport: RabbitMqTransport, database: Database, vhost: str, tmp_path: Path
) -> None:
    """Fifty lie in the taker's hands; one of them is guilty, and only that one pays."""
    events = [an_upload("poison"), *[an_upload() for _ in range(49)]]
    await transport.publish(events)
    where = [vhost, str(tmp_path / "test.db"), QUEUE, "49"]
    codes = []
    while not codes or codes[-1] == -9:
        command = [sys.executable, "-c", _CONSUMER_THAT_DIES, *where]
        child = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60)
        codes.append(child.returncode)
        assert len(codes) < 10
    assert codes == [-9] * 5 + [0], child.stderr
    assert await effects(database) == sorted(event.id for event in events[1:])
    (parked,) = await transport.parked(QUEUE, 10)
    assert (parked.id, parked.tries) == (events[0].id, 6)


async def test_session_when_a_queue_is_deleted_then_it_is_made_again_and_read(
    transport: RabbitMqTransport, vhost: str
) -> None:
    """An operator's slip heals by itself."""
    await transport.wait(QUEUE, 0.0)
    async with await aio_pika.connect(vhost) as connection, connection.channel() as channel:
        await channel.queue_delete(QUEUE)
    event = an_upload()
    async with asyncio.timeout(30):
        while True:
            try:
                await transport.publish([event])
            except Unavailable:
                continue
            await transport.wait(QUEUE, 0.5)
            if taken := await transport.take(QUEUE, 10, LEASE_S):
                break
    assert taken[0].event == event


async def test_queues_when_the_broker_is_killed_right_after_they_were_made_then_each_can_be_used(
    rabbitmq_server: RabbitMq, vhost: str
) -> None:
    """RabbitMQ forgets the leader of the newest queue, for ever, unless something follows it."""
    first = RabbitMqTransport(vhost, "first")
    await first.check()
    await asyncio.to_thread(rabbitmq_server.kill)
    await first.close()
    await asyncio.to_thread(rabbitmq_server.start)
    rooms = [topology.waiting_room(tier) for tier in topology.DELAYS_S]
    names = [name for queue in QUEUES for name in (queue, topology.again(queue), topology.parked(queue))]
    async with await aio_pika.connect(vhost) as connection, connection.channel() as channel:
        async with asyncio.timeout(30):
            for name in [*names, *rooms]:
                queue = await channel.get_queue(name, ensure=False)
                assert await queue.get(fail=False) is None, name


@pytest.mark.parametrize("restarts", [6, pytest.param(20, marks=pytest.mark.slow)])
async def test_broker_when_restarted_under_load_then_nothing_is_lost_and_each_effect_is_there_once(
    rabbitmq_server: RabbitMq, vhost: str, database: Database, restarts: int
) -> None:
    """Writers never notice, the relay and the consumer come back by themselves, nothing is parked."""
    publisher, taker = RabbitMqTransport(vhost, "publisher"), RabbitMqTransport(vhost, "taker")
    await publisher.check()
    await taker.check()
    background = Background()
    background.add("relay", Relay(database, publisher).run)
    background.add("intake", Consumer(QUEUE, taker, database, {"file.uploaded": note}).run)
    background.start()
    over = threading.Event()
    written: list[str] = []

    async def write() -> None:
        while not over.is_set():
            events = [an_upload() for _ in range(random.randint(1, 8))]
            await database.write("test", lambda tx: outbox.append(tx, *events))
            written.extend(event.id for event in events)
            await asyncio.sleep(0.01)

    def restart() -> None:
        for number in range(restarts):
            rabbitmq_server.halt() if number % 5 == 2 else rabbitmq_server.kill()
            rabbitmq_server.start()
            # Let some work pass, and die at a moment nobody chose.
            over.wait(random.uniform(0.2, 1.5))

    writing = asyncio.create_task(write())
    try:
        await asyncio.to_thread(restart)
        over.set()
        await writing
        # Minutes of restarts leave a backlog of tens of thousands of events.
        async with asyncio.timeout(60 if restarts < 20 else 300):
            while len(set(await effects(database))) < len(written):
                await taker.wait("upload.copies", 0.2)
        print(f"{restarts} restarts, {len(written)} events")
        assert await effects(database) == sorted(written)
        assert (await taker.depth(QUEUE)).parked == 0
    finally:
        over.set()
        await asyncio.gather(writing, return_exceptions=True)
        await background.stop()
        await publisher.close()
        await taker.close()
