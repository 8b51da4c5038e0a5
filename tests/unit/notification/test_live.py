"""The live stream's parts: frames, places, what is kept, what is shown."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import wire
from filemill.contracts.topics import Topic
from filemill.notification import repository
from filemill.notification.consumers import on_event
from filemill.notification.errors import TooManyStreams
from filemill.notification.live import LiveStreams
from filemill.notification.tables import metadata
from support import samples


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = open_sqlite(tmp_path / "notification.db")
    await made.write("test", metadata.create_all)
    yield made
    await made.close()


async def frames(stream: AsyncIterator[bytes], count: int) -> list[bytes]:
    """The next messages of a stream, without its greeting."""
    found: list[bytes] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            found += [one for one in (await anext(stream)).split(b"\n\n") if one.startswith(b"id: ")]
    return found


def add(tx: Tx, owner_id: str, body: bytes, at: float = 0.0) -> None:
    repository.add(tx, owner_id, "file.uploaded", new_id(), body, at)


async def test_stream_when_events_come_then_each_is_one_frame_of_its_owner(database: Database) -> None:
    """Place, type and body, and nothing of another owner's."""
    streams = LiveStreams(database, most=10, keep_s=60)
    stream = await streams.begin("ada", None)
    await database.write("test", add, "bob", b'{"of":"bob"}')
    await database.write("test", add, "ada", b'{"of":"ada"}')
    streams.ring()
    assert await frames(stream, 1) == [b'id: 2\nevent: file.uploaded\ndata: {"of":"ada"}']
    await stream.aclose()  # type: ignore[attr-defined]
    assert streams.open == 0


async def test_stream_when_it_resumes_then_it_goes_on_after_its_place_and_a_place_of_another_life_is_now(
    database: Database,
) -> None:
    """Nothing twice, nothing missed, no endless silence."""
    streams = LiveStreams(database, most=10, keep_s=60)
    for number in range(3):
        await database.write("test", add, "ada", b"%d" % number)
    stream = await streams.begin("ada", 1)
    assert [one.rpartition(b" ")[2] for one in await frames(stream, 2)] == [b"1", b"2"]
    beyond = await streams.begin("ada", 10**17)
    await database.write("test", add, "ada", b"3")
    assert [one.rpartition(b" ")[2] for one in await frames(beyond, 1)] == [b"3"]


async def test_begin_when_too_many_are_open_then_429_with_a_time(database: Database) -> None:
    """Streams are bounded."""
    streams = LiveStreams(database, most=1, keep_s=60)
    stream = await streams.begin("ada", None)
    await anext(stream)
    with pytest.raises(TooManyStreams) as refused:
        await streams.begin("ada", None)
    assert refused.value.retry_after_s == 5


async def test_close_when_the_process_stops_then_every_stream_ends(database: Database) -> None:
    """An endless answer must not hold up a stop."""
    streams = LiveStreams(database, most=10, keep_s=60)
    stream = await streams.begin("ada", None)
    await anext(stream)
    streams.close()
    async with asyncio.timeout(5):
        assert [piece async for piece in stream] == []


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
