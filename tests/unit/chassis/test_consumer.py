"""The consumer and the relay: effects once, one bad message stops no other, nothing lost between outbox and broker."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
import pytest
from sqlalchemy import MetaData, text

from filemill.chassis.clock import unix_s
from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import consumer as consumer_module
from filemill.chassis.messaging import inbox, outbox, wire
from filemill.chassis.messaging import relay as relays
from filemill.chassis.messaging.consumer import TRIES_MOST, Consumer
from filemill.chassis.messaging.memory_transport import MemoryTransport
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.telemetry import request_context
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from support import samples

QUEUE = "processing.intake"
TABLES = MetaData()
outbox.outbox_table(TABLES)
inbox.inbox_table(TABLES)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = open_sqlite(tmp_path / "test.db")

    def create(tx: Tx) -> None:
        TABLES.create_all(tx)
        tx.execute(text("CREATE TABLE effects (event_id TEXT)"))

    await made.write("test", create)
    yield made
    await made.close()


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "RETRY_FIRST_S", 0.0)


def note(tx: Tx, event: Event) -> None:
    """An effect that a second run would show; a title of `poison` fails after it."""
    tx.execute(text("INSERT INTO effects VALUES (:id)"), {"id": event.id})
    if event.data.get("title") == "poison":
        raise KeyError("poison")
    if event.data.get("title") == "away":
        raise Unavailable("The store is away.")


def an_upload(title: str = "good") -> Event:
    return samples.event(Topic.UPLOADED, samples.uploaded(new_id(), title=title))


async def effects(database: Database) -> list[str]:
    return list(await database.read(lambda tx: tx.execute(text("SELECT event_id FROM effects")).scalars().all()))


async def drain(consumer: Consumer) -> None:
    """Consume until nothing is due."""
    async with asyncio.timeout(20):
        while await consumer.consume_some():
            pass


async def test_consume_when_messages_are_good_then_each_has_one_effect_and_is_acked(
    database: Database, transport: MemoryTransport
) -> None:
    """Copies under the same id, now or later, change nothing; listeners hear of what was committed."""
    events = [an_upload() for _ in range(7)]
    heard: list[str] = []
    consumer = Consumer(
        QUEUE, transport, database, {Topic.UPLOADED: note}, after=lambda done: heard.extend(one.id for one in done)
    )
    for _ in range(2):
        await transport.publish(events)
        await drain(consumer)
    assert await effects(database) == heard == [event.id for event in events]
    depth = await transport.depth(QUEUE)
    assert (depth.waiting, depth.leased, depth.parked) == (0, 0, 0)


async def test_consume_when_one_of_a_batch_is_poison_then_it_is_parked_and_the_others_are_done(
    database: Database, transport: MemoryTransport
) -> None:
    """Five tries, alone; its half-made effect is undone each time; the reason is kept."""
    events = [an_upload("poison" if number == 3 else "good") for number in range(8)]
    await transport.publish(events)
    await drain(Consumer(QUEUE, transport, database, {Topic.UPLOADED: note}))
    assert sorted(await effects(database)) == sorted(event.id for event in events if event is not events[3])
    (parked,) = await transport.parked(QUEUE, 10)
    assert (parked.id, parked.tries, parked.reason) == (events[3].id, TRIES_MOST, "KeyError: 'poison'")


async def test_consume_when_a_dependency_is_away_then_the_message_is_never_blamed(
    database: Database, transport: MemoryTransport
) -> None:
    """Ten failures later it is still there, with its first try."""
    await transport.publish([an_upload("away")])
    consumer = Consumer(QUEUE, transport, database, {Topic.UPLOADED: note})
    for _ in range(10):
        await consumer.consume_some()
    assert await transport.parked(QUEUE, 10) == []
    (still,) = await transport.take(QUEUE, 1, 30)
    assert still.tries == 1


async def test_consume_when_it_killed_its_process_each_time_then_it_is_parked_unhandled(
    database: Database, transport: MemoryTransport
) -> None:
    """A message that is taken and never answered has spent a try."""
    await transport.publish([an_upload()])
    for _ in range(TRIES_MOST):
        await transport.take(QUEUE, 1, -1.0)
    await drain(Consumer(QUEUE, transport, database, {Topic.UPLOADED: note}))
    (parked,) = await transport.parked(QUEUE, 10)
    assert "died" in parked.reason
    assert await effects(database) == []


async def test_consume_when_only_its_answer_was_lost_each_time_then_it_is_not_parked(
    database: Database, transport: MemoryTransport
) -> None:
    """A process that dies between its commit and its answer, for other reasons, spends the tries of what it has handled."""
    event = an_upload()
    await transport.publish([event])
    await database.write("test", lambda tx: inbox.first_time(tx, QUEUE, event.id))
    for _ in range(TRIES_MOST):
        await transport.take(QUEUE, 1, -1.0)
    await drain(Consumer(QUEUE, transport, database, {Topic.UPLOADED: note}))
    assert await transport.parked(QUEUE, 10) == []
    assert (await transport.depth(QUEUE)).waiting == 0


async def test_consume_when_the_type_is_unknown_then_it_is_passed_over(
    database: Database, transport: MemoryTransport
) -> None:
    """A newer publisher's type does not fill the queue of an older consumer."""
    await transport.publish([an_upload()])
    await drain(Consumer(QUEUE, transport, database, {}))
    assert (await transport.depth(QUEUE)).waiting == 0


async def test_consume_when_the_event_has_ids_then_its_handler_works_under_them(
    database: Database, transport: MemoryTransport
) -> None:
    """What a handler writes belongs to the request that caused the event."""
    seen: list[tuple[str, str]] = []

    def look(_tx: Tx, _event: Event) -> None:
        context = request_context.current()
        assert context is not None
        seen.append((context.request_id, context.traceparent))

    await transport.publish([an_upload()])
    await drain(Consumer(QUEUE, transport, database, {Topic.UPLOADED: look}))
    assert seen == [("request-1", samples.TRACEPARENT)]


def append(tx: Tx, *events: Event) -> None:
    outbox.append(tx, *events)


async def test_relay_when_events_were_committed_then_they_are_published_once_in_order(
    database: Database, transport: MemoryTransport
) -> None:
    """Outbox to broker, marked only after the broker has them."""
    events = [an_upload() for _ in range(250)]
    await database.write("test", append, *events)
    relay = Relay(database, transport)
    while await relay.publish_some():
        pass
    assert await database.read(outbox.unsent) == 0
    assert [one.event.id for one in await transport.take(QUEUE, 500, 30)] == [event.id for event in events]


async def test_relay_when_the_transaction_was_undone_then_nothing_is_published(
    database: Database, transport: MemoryTransport
) -> None:
    """No event of something that did not happen."""

    def undone(tx: Tx) -> None:
        outbox.append(tx, an_upload())
        raise KeyError

    with pytest.raises(KeyError):
        await database.write("test", undone)
    assert await Relay(database, transport).publish_some() == 0


async def test_relay_when_much_is_past_its_time_then_all_of_it_goes_and_what_is_kept_stays(
    database: Database, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bounded piece at a time, and without a pause of minutes between: else both tables grow for ever under load."""
    monkeypatch.setattr(relays, "SWEPT_MOST", 20)
    monkeypatch.setattr(relays, "BEHIND_S", 0.0)
    monkeypatch.setattr(relays, "IDLE_S", 0.001)
    old, fresh = [an_upload() for _ in range(70)], [an_upload() for _ in range(5)]

    def fill(tx: Tx) -> None:
        outbox.append(tx, *old, *fresh)
        outbox.mark_sent(tx, [event.id for event in (*old, *fresh)])
        for event in (*old, *fresh):
            inbox.first_time(tx, QUEUE, event.id)
        aged = {"ids": orjson.dumps([event.id for event in old]).decode(), "at": unix_s() - 30 * 86_400}
        tx.execute(text("UPDATE outbox SET sent_at = :at WHERE event_id IN (SELECT value FROM json_each(:ids))"), aged)
        tx.execute(text("UPDATE inbox SET seen_at = :at WHERE event_id IN (SELECT value FROM json_each(:ids))"), aged)

    def left(tx: Tx) -> list[int]:
        return [tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("outbox", "inbox")]

    await database.write("test", fill)
    running = asyncio.create_task(Relay(database, transport).run())
    async with asyncio.timeout(30):
        while await database.read(left) != [5, 5]:  # noqa: ASYNC110
            await asyncio.sleep(0)
    running.cancel()
    assert await database.read(left) == [5, 5]


async def test_relay_when_a_claim_has_expired_then_its_events_go_with_the_next_one(
    database: Database, transport: MemoryTransport
) -> None:
    """A relay that stopped in the middle keeps nothing from being published."""
    event = an_upload()
    await database.write("test", append, event)
    rows = await database.write("test", outbox.claim, "dead:1:1", 10, -1.0)
    assert [row.event for row in rows] == [event]
    assert await Relay(database, transport).publish_some() == 1
    assert [one.event for one in await transport.take(QUEUE, 10, 30)] == [event]


class _Counting(MemoryTransport):
    """A broker that remembers how many events each round brought."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds: list[int] = []

    async def publish(self, events: Sequence[Event]) -> None:
        self.rounds.append(len(events))
        await super().publish(events)


async def test_relay_when_events_keep_coming_then_those_of_one_pause_go_together(database: Database) -> None:
    """The first goes at once; a busy writer pays for rounds by time, not by event."""
    transport = _Counting()
    pace_s, loop = 0.3, asyncio.get_running_loop()
    running = asyncio.create_task(Relay(database, transport, pace_s).run())
    async with asyncio.timeout(30):
        await database.write("test", append, an_upload())
        while not transport.rounds:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert transport.rounds == [1]
        began_s = loop.time()
        for _ in range(60):
            await database.write("test", append, an_upload())
        while sum(transport.rounds) < 61:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    rounds_most = (loop.time() - began_s) / pace_s + 1
    running.cancel()
    assert len(transport.rounds) - 1 <= rounds_most


class _AwayOnce(MemoryTransport):
    """A broker that comes back after its first refusal."""

    away = True

    async def publish(self, events: Sequence[Event]) -> None:
        if self.away:
            self.away = False
            raise Unavailable("The broker is away.")
        await super().publish(events)


async def test_relay_when_the_broker_was_away_then_its_events_go_out_at_the_next_try(database: Database) -> None:
    """A publish that failed leaves no claim behind that would have to run out first."""
    event, transport = an_upload(), _AwayOnce()
    await database.write("test", lambda tx: outbox.append(tx, event))
    relay = Relay(database, transport)
    with pytest.raises(Unavailable):
        await relay.publish_some()
    assert await relay.publish_some() == 1
    assert [one.event for one in await transport.take(QUEUE, 10, 30)] == [event]


class _Purging(MemoryTransport):
    """While it publishes, a purge deletes what is published and tells of itself."""

    def __init__(self, database: Database, told: Event) -> None:
        super().__init__()
        self._database = database
        self._told: Event | None = told

    async def publish(self, events: Sequence[Event]) -> None:
        await super().publish(events)
        told, self._told = self._told, None
        if told is not None:

            def purge(tx: Tx) -> None:
                tx.execute(text("DELETE FROM outbox"))
                outbox.append(tx, told)

            await self._database.write("test", purge)


async def test_relay_when_a_purge_deletes_what_it_publishes_then_the_next_event_is_not_taken_for_it(
    database: Database,
) -> None:
    """SQLite gives the deleted row's number to the next one, which was marked as sent and reached nobody."""
    told = an_upload()
    await database.write("test", append, an_upload())
    transport = _Purging(database, told)
    relay = Relay(database, transport)
    while await relay.publish_some():
        pass
    assert told in [one.event for one in await transport.take(QUEUE, 10, 30)]


def test_make_event_when_there_is_a_request_then_the_event_carries_it() -> None:
    """Ids travel with the event, absent fields do not."""
    with request_context.within(request_context.begin("req-9", samples.TRACEPARENT)):
        event = wire.make_event("upload", Topic.UPLOADED, "f", samples.uploaded(new_id(), title=None))
    assert (event.requestid, event.traceparent) == ("req-9", samples.TRACEPARENT)
    assert "title" not in event.data
