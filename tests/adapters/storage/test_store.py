"""One suite for every blob store: what the port promises, at the sizes where a layout could change its mind."""

import asyncio
import contextlib
import hashlib
import os
import random
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.errors import NotFound, StorageFull
from filemill.chassis.ids import new_id
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.local_store import LocalStore
from filemill.chassis.storage.store import drain, put, read_all

KIB = 1024
MIB = 1024 * 1024
BLOB_ID = "01a208c5-3c5d-70e3-a975-e43ec0994017"
SIZES = (0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 5 * MIB)
MakeStore = Callable[[Path], LocalStore]


@pytest.fixture
async def make_store() -> AsyncIterator[MakeStore]:
    opened: list[LocalStore] = []

    def make(root: Path) -> LocalStore:
        root.mkdir(parents=True, exist_ok=True)
        opened.append(LocalStore(root, open_sqlite(root / "small.db")))
        return opened[-1]

    yield make
    for store in opened:
        await store.close()


@pytest.fixture
async def store(make_store: MakeStore, tmp_path: Path) -> LocalStore:
    return make_store(tmp_path / "store")


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def in_pieces(data: bytes, seed: int) -> list[bytes]:
    """The same bytes in pieces of random length, an empty one among them."""
    dice = random.Random(seed)
    pieces = [b""]
    at = 0
    while at < len(data):
        length = dice.choice((1, 100, 8 * KIB, 64 * KIB, 64 * KIB + 1, 300 * KIB, 2 * MIB))
        pieces.append(data[at : at + length])
        at += length
    return pieces


async def listed(store: LocalStore) -> dict[str, int]:
    return {info.key: info.size_bytes async for info in store.list()}


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("small.db")]


@pytest.mark.parametrize("size", SIZES)
async def test_commit_when_bytes_came_in_any_pieces_then_they_are_all_there(
    store: LocalStore, tmp_path: Path, size: int
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


@pytest.mark.parametrize("size", [10, 64 * KIB, 3 * MIB])
async def test_read_when_a_part_is_asked_for_then_just_that_part_comes(store: LocalStore, size: int) -> None:
    """A range costs its own length; one beyond the end stops at the end."""
    data, key = some_bytes(size), new_key()
    await put(store, key, data)
    for start, length in ((0, 1), (3, 5), (size - 1, 1), (size - 4, 100), (1, None), (size // 2, size // 3)):
        reader = await store.open(key)
        assert reader.size_bytes == size
        got = b"".join([chunk async for chunk in drain(reader, start, length)])
        assert got == data[start : None if length is None else start + length]


@pytest.mark.parametrize("size", [10, 3 * MIB])
async def test_abort_when_bytes_were_written_then_nothing_is_kept(store: LocalStore, tmp_path: Path, size: int) -> None:
    """An upload that failed leaves no blob and no partial file."""
    key = new_key()
    writer = await store.create(key)
    await writer.write(some_bytes(size))
    await writer.abort()
    assert await listed(store) == {}
    assert files_below(tmp_path / "store") == []
    with pytest.raises(NotFound):
        await store.open(key)


@pytest.mark.parametrize("size", [10, 3 * MIB])
async def test_delete_when_it_is_there_then_it_is_gone_and_a_second_delete_says_no(
    store: LocalStore, tmp_path: Path, size: int
) -> None:
    """A delete is final and can be repeated."""
    key = new_key()
    await put(store, key, some_bytes(size))
    assert await store.delete(key) is True
    assert await store.delete(key) is False
    assert await listed(store) == {}
    with pytest.raises(NotFound):
        await store.fetch(key, tmp_path / "copy")


async def test_list_when_there_are_many_then_each_is_named_once_with_its_age(store: LocalStore) -> None:
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
    store: LocalStore, tmp_path: Path, text: str
) -> None:
    """Whatever a damaged row or a forged event names, no file outside the store's own layout is touched."""
    for call in (store.open(text), store.fetch(text, tmp_path / "copy"), store.delete(text)):
        with pytest.raises(NotFound):
            await call
    assert not (tmp_path / "copy").exists()


async def test_commit_when_many_write_at_once_then_each_gets_its_own_bytes(store: LocalStore) -> None:
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


async def test_open_when_another_process_wrote_it_then_the_key_is_enough(make_store: MakeStore, tmp_path: Path) -> None:
    """Every service reads what any other stored."""
    one, other = make_store(tmp_path / "store"), make_store(tmp_path / "store")
    for size in (10, MIB):
        key = new_key()
        await put(one, key, some_bytes(size))
        assert await read_all(other, key, MIB) == some_bytes(size)


async def test_read_all_when_it_is_larger_than_allowed_then_it_is_not_loaded(store: LocalStore) -> None:
    """A bound on what is taken into memory is kept before reading."""
    key = new_key()
    await put(store, key, some_bytes(100))
    with pytest.raises(ValueError, match="100 bytes"):
        await read_all(store, key, 99)


async def test_read_when_it_is_deleted_meanwhile_then_the_reader_still_gets_all_of_it(store: LocalStore) -> None:
    """A download that has begun ends whole, also when the file is purged in the middle of it."""
    key = new_key()
    await put(store, key, some_bytes(3 * MIB))
    reader = await store.open(key)
    await store.delete(key)
    assert b"".join([chunk async for chunk in drain(reader)]) == some_bytes(3 * MIB)


async def test_abort_when_a_write_was_cancelled_then_it_waits_for_the_thread_that_still_writes(
    store: LocalStore, tmp_path: Path
) -> None:
    """A descriptor closed under a running thread could be another blob's by the time that thread writes to it."""
    entered, go_on = threading.Event(), threading.Event()

    def slow_tap(_data: bytes | memoryview) -> None:
        entered.set()
        go_on.wait(10)

    writer = await store.create(new_key(), slow_tap)
    writing = asyncio.create_task(writer.write(some_bytes(200 * KIB)))
    await asyncio.to_thread(entered.wait, 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    aborting = asyncio.create_task(writer.abort())
    await asyncio.sleep(0)
    assert not aborting.done()
    go_on.set()
    await aborting
    assert files_below(tmp_path / "store") == []


async def test_sweep_partials_when_the_writer_is_dead_then_its_file_goes_and_a_living_one_stays(
    store: LocalStore, tmp_path: Path
) -> None:
    """What a killed process left half-written is swept at once; an upload under way is not touched."""
    writer = await store.create(new_key())
    await writer.write(some_bytes(MIB))
    (alive,) = files_below(tmp_path / "store" / "partial")
    host, pid, _ = alive.name.partition("~")[0].rsplit(":", 2)
    dead = alive.with_name(f"{host}:{pid}:1~{new_id()}")
    dead.write_bytes(b"half")
    assert await store.sweep_partials() == 1
    assert files_below(tmp_path / "store" / "partial") == [alive]
    await writer.commit()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> "AsyncIterator[Path] | Path":
    """A file system of 2 MiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(filler: Path) -> None:
    """Write until there is no room."""
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as writing:
        while writing.write(b"x" * 4096):
            pass


async def put_small_ones(store: LocalStore, stored: list[str], most: int = 100) -> None:
    """Small bodies, noting each key that was accepted."""
    for _ in range(most):
        key = new_key()
        await put(store, key, some_bytes(60 * KIB))
        stored.append(key)


async def test_commit_when_the_disk_is_full_then_storage_full_nothing_kept_and_it_heals_by_itself(
    tiny_disk: Path, make_store: MakeStore
) -> None:
    """No room is said as such; once there is room the same store takes bytes again, without a restart."""
    store = make_store(tiny_disk / "store")
    first = new_key()
    await put(store, first, some_bytes(MIB))
    with pytest.raises(StorageFull):
        await put(store, new_key(), some_bytes(MIB + 64 * KIB))
    assert await listed(store) == {first: MIB}
    filler = tiny_disk / "filler"
    fill_up(filler)
    stored: list[str] = []
    with pytest.raises(StorageFull):
        await put_small_ones(store, stored)
    filler.unlink()
    await put_small_ones(store, stored, most=1)
    assert set(await listed(store)) == {first, *stored}
    assert await read_all(store, first, MIB) == some_bytes(MIB)
