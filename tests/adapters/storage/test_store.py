"""One suite for every blob store: what the port promises, at the sizes where a layout could change its mind."""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.storage.build import check_start
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import BlobStore, drain, put, read_all
from support.blob_stores import KIB, MIB, Place, in_pieces, listed, some_bytes

pytestmark = pytest.mark.core

SIZES = (0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB)
BLOB_ID = "01a208c5-3c5d-70e3-a975-e43ec0994017"


@pytest.mark.parametrize("size", SIZES)
async def test_commit_when_bytes_came_in_any_pieces_then_they_are_all_there(
    store: BlobStore, tmp_path: Path, size: int
) -> None:
    """What is read, fetched and listed is what was written, whatever the pieces; the tap saw it in order."""
    data, key, digest = some_bytes(size), new_key(), hashlib.sha256()
    writer = await store.create(key, digest.update)
    for piece in in_pieces(data, size):
        await writer.write(piece)
    assert await listed(store) == {}
    await writer.commit()
    assert digest.digest() == hashlib.sha256(data).digest()
    assert await read_all(store, key, size) == data
    await store.fetch(key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert await listed(store) == {key: size}


@pytest.mark.parametrize("size", [10, 64 * KIB, 3 * MIB, 17 * MIB])
async def test_read_when_a_part_is_asked_for_then_just_that_part_comes(store: BlobStore, size: int) -> None:
    """A range costs its own length; one beyond the end stops at the end."""
    data, key = some_bytes(size), new_key()
    await put(store, key, data)
    for start, length in ((0, 1), (3, 5), (size - 1, 1), (size - 4, 100), (1, None), (size // 2, size // 3)):
        reader = await store.open(key)
        assert reader.size_bytes == size
        got = b"".join([chunk async for chunk in drain(reader, start, length)])
        assert got == data[start : None if length is None else start + length]


@pytest.mark.parametrize("size", [0, 10, 3 * MIB, 20 * MIB])
async def test_abort_when_bytes_were_written_then_nothing_is_kept(place: Place, store: BlobStore, size: int) -> None:
    """An upload that failed leaves no blob and nothing half-written."""
    key = new_key()
    writer = await store.create(key)
    for piece in in_pieces(some_bytes(size), size):
        await writer.write(piece)
    await writer.abort()
    assert await listed(store) == {}
    assert place.leftovers() == []
    with pytest.raises(NotFound):
        await store.open(key)


@pytest.mark.parametrize("size", [10, 3 * MIB])
async def test_delete_when_it_is_there_then_it_is_gone_and_a_second_delete_says_no(
    store: BlobStore, tmp_path: Path, size: int
) -> None:
    """A delete is final and can be repeated."""
    key = new_key()
    await put(store, key, some_bytes(size))
    assert await store.delete(key) is True
    assert await store.delete(key) is False
    assert await listed(store) == {}
    with pytest.raises(NotFound):
        await store.fetch(key, tmp_path / "copy")


async def test_list_when_there_are_many_then_each_is_named_once_with_its_age(store: BlobStore) -> None:
    """The sweeper sees every blob, small and large, and when it was stored."""
    wanted = {new_key(): size for size in (5, 70 * KIB, 100, 2 * MIB)}
    for key, size in wanted.items():
        await put(store, key, some_bytes(size))
    infos = [info async for info in store.list()]
    assert {info.key: info.size_bytes for info in infos} == wanted
    assert len(infos) == len(wanted)
    assert all(info.modified_at.tzinfo is not None for info in infos)


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "/etc/passwd", "blobs/../../etc/passwd", "blobs/ab/../../../../etc/passwd", "blobs/ab/x",
        f"blobs/ab/{BLOB_ID}/..", f"blobs/ab/{BLOB_ID}\n", f"blobs/ab/{BLOB_ID}\x00", f"BLOBS/ab/{BLOB_ID}",
        f"partial/{BLOB_ID}", "blobs//" + BLOB_ID, "small.db",
    ],
)  # fmt: skip
async def test_key_when_it_is_not_one_of_ours_then_it_never_becomes_a_path(
    store: BlobStore, tmp_path: Path, text: str
) -> None:
    """Whatever a damaged row or a forged event names, no file outside the store's own layout is touched."""
    for call in (store.open(text), store.fetch(text, tmp_path / "copy"), store.delete(text)):
        with pytest.raises(NotFound):
            await call
    assert not (tmp_path / "copy").exists()


async def test_commit_when_many_write_at_once_then_each_gets_its_own_bytes(store: BlobStore) -> None:
    """Concurrent uploads do not mix, and the small ones share commits."""
    bodies = {new_key(): some_bytes(size) for size in (*range(1, 60), *(100 * KIB + one for one in range(20)))}

    async def write(key: str, data: bytes) -> None:
        writer = await store.create(key)
        for piece in in_pieces(data, len(data)):
            await writer.write(piece)
            await asyncio.sleep(0)
        await writer.commit()

    await asyncio.gather(*[write(key, data) for key, data in bodies.items()])
    for key, data in bodies.items():
        assert await read_all(store, key, MIB) == data


async def test_open_when_another_process_wrote_it_then_the_key_is_enough(
    place: Place, store: BlobStore, opened: Callable[[Place], BlobStore]
) -> None:
    """Every service reads what any other stored."""
    one, other = store, opened(place)
    for size in (10, MIB):
        key = new_key()
        await put(one, key, some_bytes(size))
        assert await read_all(other, key, MIB) == some_bytes(size)


async def test_read_all_when_it_is_larger_than_allowed_then_it_is_not_loaded(store: BlobStore) -> None:
    """A bound on what is taken into memory is kept before reading."""
    key = new_key()
    await put(store, key, some_bytes(100))
    with pytest.raises(ValueError, match="100 bytes"):
        await read_all(store, key, 99)


async def test_read_when_it_is_deleted_meanwhile_then_it_is_whole_or_an_error(store: BlobStore) -> None:
    """A download that has begun never ends short as if it were whole, also when the file is purged in the middle of it."""
    key = new_key()
    await put(store, key, some_bytes(3 * MIB))
    reader = await store.open(key)
    await store.delete(key)
    got = b""
    try:
        async for chunk in drain(reader):
            got += chunk
    except Unavailable:
        assert len(got) < 3 * MIB
    else:
        assert got == some_bytes(3 * MIB)


async def test_fetch_when_the_blob_is_missing_then_no_file_is_made(store: BlobStore, tmp_path: Path) -> None:
    """Who finds a file takes it for the blob."""
    with pytest.raises(NotFound):
        await store.fetch(new_key(), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_commit_when_the_tap_is_slow_then_others_go_on(store: BlobStore) -> None:
    """Hashing a body does not hold up the loop."""
    entered, go_on = threading.Event(), threading.Event()

    def slow_tap(_data: bytes | memoryview) -> None:
        entered.set()
        go_on.wait(10)

    writer = await store.create(new_key(), slow_tap)
    writing = asyncio.create_task(writer.write(some_bytes(3 * MIB)))
    await asyncio.to_thread(entered.wait, 10)
    assert await listed(store) == {}
    go_on.set()
    await writing
    await writer.commit()


async def test_check_when_all_is_well_then_it_is_silent(store: BlobStore) -> None:
    """Health and the start ask the same question."""
    await store.check()
    await check_start(store, writes=True)
    assert await listed(store) == {}
