"""The live stream's parts: frames, places, what is kept, what is shown."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import wire
from filemill.contracts.topics import Topic
from filemill.notification import event_types, repository
from filemill.notification.consumers import on_event
from filemill.notification.errors import TooManyStreams, UnknownEventType
from filemill.notification.live import COME_BACK_MS, HEARTBEAT_S, WAITING_MOST_BYTES, LiveStreams, Reader
from filemill.notification.tables import metadata
from support import samples


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = open_sqlite(tmp_path / "notification.db")
    await made.write("test", metadata.create_all)
    yield made
    await made.close()


@pytest.fixture
async def streams(database: Database) -> AsyncIterator[LiveStreams]:
    """Streams whose feed runs."""
    made = LiveStreams(database, most=10, keep_s=60)
    feeding = asyncio.create_task(made.feed())
    yield made
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)


async def frames(stream: AsyncIterator[bytes], count: int) -> list[bytes]:
    """The next messages of a stream, without its greeting."""
    found: list[bytes] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            found += [one for one in (await anext(stream)).split(b"\n\n") if one.startswith(b"id: ")]
    return found


def bodies(found: list[bytes]) -> list[bytes]:
    return [one.rpartition(b" ")[2] for one in found]


def add(tx: Tx, owner_id: str, body: bytes, at: float = 0.0, kind: str = "file.uploaded") -> None:
    repository.add(tx, owner_id, kind, new_id(), body, at)


async def live(streams: LiveStreams, reader: Reader) -> AsyncIterator[bytes]:
    """A stream that has caught up."""
    stream = streams.pieces(reader)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    async with asyncio.timeout(10):
        while not reader.is_live:  # noqa: ASYNC110 - a flag
            await asyncio.sleep(0)
    return _after(waiting, stream)


async def _after(first: "asyncio.Future[bytes]", rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        yield await first
    except StopAsyncIteration:
        return
    async for piece in rest:
        yield piece


async def test_stream_when_events_come_then_each_is_one_frame_of_its_owner(
    database: Database, streams: LiveStreams
) -> None:
    """Place, type and body, and nothing of another owner's."""
    reader = await streams.begin("ada", None)
    stream = await live(streams, reader)
    await database.write("test", add, "bob", b'{"of":"bob"}')
    await database.write("test", add, "ada", b'{"of":"ada"}')
    streams.ring()
    assert await frames(stream, 1) == [b'id: 2\nevent: file.uploaded\ndata: {"of":"ada"}']
    streams.end(reader)
    streams.end(reader)
    assert streams.open == 0


async def test_stream_when_it_resumes_then_it_goes_on_after_its_place_and_a_place_of_another_life_is_now(
    database: Database, streams: LiveStreams
) -> None:
    """Nothing twice, nothing missed, no endless silence."""
    for number in range(3):
        await database.write("test", add, "ada", b"%d" % number)
    stream = streams.pieces(await streams.begin("ada", 1))
    assert bodies(await frames(stream, 2)) == [b"1", b"2"]
    beyond = streams.pieces(await streams.begin("ada", 10**17))
    await database.write("test", add, "ada", b"3")
    assert bodies(await frames(beyond, 1)) == [b"3"]


async def test_stream_when_events_come_while_it_catches_up_then_each_comes_once_and_in_order(
    database: Database, streams: LiveStreams
) -> None:
    """The change from table to feed loses nothing and repeats nothing, wherever it falls."""
    for number in range(250):
        await database.write("test", add, "ada", b"%d" % number)

    async def write_on() -> None:
        for number in range(250, 500):
            await database.write("test", add, "ada", b"%d" % number)
            streams.ring()

    writing = asyncio.create_task(write_on())
    stream = streams.pieces(await streams.begin("ada", 0))
    found = await frames(stream, 500)
    await writing
    assert bodies(found) == [b"%d" % number for number in range(500)]


async def test_stream_when_types_are_asked_for_then_only_those_come_from_table_and_feed(
    database: Database, streams: LiveStreams
) -> None:
    """`?types=`: the rest costs the reader nothing."""
    for kind in ("file.uploaded", "file.processed"):
        await database.write("test", add, "ada", kind.encode(), kind=kind)
    reader = await streams.begin("ada", 0, event_types.expanded("file.processed, webhook.*"))
    stream = streams.pieces(reader)
    assert bodies(await frames(stream, 1)) == [b"file.processed"]
    for kind in ("file.progress", "webhook.disabled"):
        await database.write("test", add, "ada", kind.encode(), kind=kind)
        streams.ring()
    assert bodies(await frames(stream, 1)) == [b"webhook.disabled"]
    for wrong in ("", "file.nothing", "*", "file", "file.*,,"):
        with pytest.raises(UnknownEventType):
            event_types.expanded(wrong)


async def test_stream_when_its_reader_is_slow_then_little_waits_for_it_and_it_goes_on_out_of_the_table(
    database: Database, streams: LiveStreams
) -> None:
    """Nothing is buffered beyond a bound, and nothing is lost by it."""
    reader = await streams.begin("ada", None)
    stream = await live(streams, reader)
    for number in range(50):
        await database.write("test", add, "ada", b"x" * 10_000 + b" %d" % number)
    streams.ring()
    async with asyncio.timeout(10):
        while reader.is_live:  # noqa: ASYNC110 - a flag
            await asyncio.sleep(0)
    assert sum(map(len, reader._frames)) <= WAITING_MOST_BYTES
    assert bodies(await frames(stream, 50)) == [b"%d" % number for number in range(50)]


async def test_feed_when_many_read_then_the_table_is_looked_at_once_for_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand streams do not ask a thousand times a second."""
    streams = LiveStreams(database, most=1000, keep_s=60)
    feeding = asyncio.create_task(streams.feed())
    made = [await live(streams, await streams.begin("ada", None)) for _ in range(200)]
    reads = 0
    read = database.read

    async def counted(work: Any, *args: Any, **more: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(work, *args, **more)

    monkeypatch.setattr(database, "read", counted)
    await database.write("test", add, "ada", b"1")
    streams.ring()
    assert [bodies(await frames(stream, 1)) for stream in made] == [[b"1"]] * 200
    assert reads <= 5
    feeding.cancel()


async def test_stream_when_it_is_silent_for_long_then_a_comment_comes(database: Database, streams: LiveStreams) -> None:
    """So that proxies keep it, and a dead client is noticed."""
    reader = await streams.begin("ada", None)
    stream = await live(streams, reader)
    reader.said_s -= HEARTBEAT_S
    async with asyncio.timeout(10):
        assert await anext(stream) == b": still here\n\n"


async def test_stream_when_it_is_silent_while_others_are_busy_then_the_comment_comes_all_the_same(
    database: Database, streams: LiveStreams
) -> None:
    """News of other owners come all the time; this reader's connection must not look dead for that."""
    reader = await streams.begin("ada", None)
    stream = await live(streams, reader)

    async def busy() -> None:
        while True:
            streams.ring()
            await asyncio.sleep(0.05)

    others = asyncio.create_task(busy())
    reader.said_s -= HEARTBEAT_S
    async with asyncio.timeout(10):
        assert await anext(stream) == b": still here\n\n"
    others.cancel()


async def test_begin_when_too_many_are_open_then_429_with_a_time(database: Database) -> None:
    """Streams are bounded."""
    streams = LiveStreams(database, most=1, keep_s=60)
    await streams.begin("ada", None)
    with pytest.raises(TooManyStreams) as refused:
        await streams.begin("ada", None)
    assert refused.value.retry_after_s == 5


async def test_close_when_the_process_stops_then_every_stream_ends(database: Database, streams: LiveStreams) -> None:
    """An endless answer must not hold up a stop; its last word is when to come back, which differs between readers."""
    stream = await live(streams, await streams.begin("ada", None))
    streams.close()
    async with asyncio.timeout(5):
        (farewell,) = [piece async for piece in stream]
    found = re.fullmatch(rb"retry: (\d+)\n: .+\n\n", farewell)
    assert found
    assert COME_BACK_MS[0] <= int(found[1]) <= COME_BACK_MS[1]


async def test_sweep_when_everything_is_old_then_places_still_grow(database: Database) -> None:
    """Numbers never start again, or a reader who resumes would wait for the past."""
    for _ in range(5):
        await database.write("test", add, "ada", b"{}")
    assert await database.write("test", repository.sweep, time.time()) == 4
    await database.write("test", add, "ada", b"{}", at=time.time())
    assert await database.read(repository.last_seq) == 6


async def test_on_event_when_it_names_keys_and_addresses_then_they_are_not_shown(database: Database) -> None:
    """Where bytes lie and who asked from where is ours, at any depth."""
    for topic, data in (
        (Topic.UPLOADED, samples.uploaded(new_id())),
        (Topic.PROCESSED, samples.processed(new_id())),
        (Topic.ACCESSED, samples.accessed(new_id())),
    ):
        await database.write("test", on_event, samples.event(topic, data))
    kept = await database.read(repository.after, samples.OWNER, 0, 10)
    assert [one.type for one in kept] == [Topic.UPLOADED, Topic.PROCESSED, Topic.ACCESSED]
    for one in kept:
        assert b"blobs/" not in one.body
        assert b"127.0.0.1" not in one.body
        assert wire.decode(one.body).type == one.type
    assert b'"thumbnail"' in kept[1].body
