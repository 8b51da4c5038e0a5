"""What only the local store has: files, threads, a disk that can be full."""

import asyncio
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from filemill.chassis.errors import Locked, StorageFull
from filemill.chassis.ids import new_id
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.local_pieces import ResumingLocalStore
from filemill.chassis.storage.local_store import SMALL_MOST_BYTES, LocalStore
from filemill.chassis.storage.pieces import PieceWriter
from filemill.chassis.storage.store import BlobStore, BlobWriter, ShowsBytes, TakesBlocks, drain, put, read_all
from filemill.upload.ends import KeptEnds, ShownEnds
from filemill.upload.polyglots import TAIL_BYTES
from filemill.upload.sniff import HEAD_BYTES
from support.blob_stores import KIB, MIB, LocalPlace, listed, some_bytes
from support.tiny_disk import fill_up, tiny_disk


@pytest.fixture
def place(local_place: LocalPlace) -> LocalPlace:
    return local_place


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("small.db")]


async def test_read_when_it_is_deleted_meanwhile_then_the_reader_still_gets_all_of_it(store: BlobStore) -> None:
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
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    with tiny_disk(tmp_path / "tiny", 2) as folder:
        yield folder


async def put_small_ones(store: LocalStore, stored: list[str], most: int = 100) -> None:
    """Small bodies, noting each key that was accepted."""
    for _ in range(most):
        key = new_key()
        await put(store, key, some_bytes(60 * KIB))
        stored.append(key)


async def test_commit_when_the_disk_is_full_then_storage_full_nothing_kept_and_it_heals_by_itself(
    small_disk: Path,
) -> None:
    """No room is said as such; once there is room the same store takes bytes again, without a restart."""
    store = LocalPlace(small_disk / "store").open()
    first = new_key()
    await put(store, first, some_bytes(MIB))
    with pytest.raises(StorageFull):
        await put(store, new_key(), some_bytes(MIB + 64 * KIB))
    assert await listed(store) == {first: MIB}
    filler = small_disk / "filler"
    fill_up(filler)
    stored: list[str] = []
    with pytest.raises(StorageFull):
        await put_small_ones(store, stored)
    filler.unlink()
    await put_small_ones(store, stored, most=1)
    assert set(await listed(store)) == {first, *stored}
    assert await read_all(store, first, MIB) == some_bytes(MIB)
    await store.close()


async def test_piece_when_the_disk_is_full_then_what_was_there_stays_and_it_goes_on_once_there_is_room(
    small_disk: Path,
) -> None:
    """An unfinished upload loses nothing that was promised, and gives back the room of what was not."""
    store, upload_id, data = LocalPlace(small_disk / "store").open(), new_id(), some_bytes(MIB + 512 * KIB)
    writer = await store.extend(upload_id, ())
    await writer.write(data[:MIB])
    pieces = await writer.finish()
    await writer.close()
    filler = small_disk / "filler"
    fill_up(filler)
    writer = await store.extend(upload_id, pieces)
    with pytest.raises(StorageFull):
        await writer.write(data[MIB:] * 4)
    await writer.close()
    filler.unlink()
    writer = await store.extend(upload_id, pieces)
    await writer.write(data[MIB:])
    pieces = await writer.finish()
    await writer.close()
    assert b"".join([chunk async for chunk in store.read_pieces(upload_id, pieces)]) == data
    await store.close()


async def test_extend_when_another_descriptor_has_the_file_then_locked(local_place: LocalPlace) -> None:
    """A writer who lost its turn without knowing cannot write beside the next one, in whatever process."""
    first, second, upload_id = local_place.open(), local_place.open(), new_id()
    writer = await first.extend(upload_id, ())
    with pytest.raises(Locked):
        await second.extend(upload_id, ())
    await writer.close()
    await (await second.extend(upload_id, ())).close()
    await first.close()
    await second.close()


async def test_adopt_when_the_bytes_are_old_then_the_blob_is_young(local_place: LocalPlace) -> None:
    """Its age counts from when it became a blob: one without a row yet must not look abandoned."""
    store, upload_id, key = local_place.open(), new_id(), new_key()
    writer = await store.extend(upload_id, ())
    await writer.write(some_bytes(MIB))
    pieces = await writer.finish()
    await writer.close()
    (unfinished,) = files_below(local_place.root / "unfinished")
    os.utime(unfinished, (1, 1))
    assert await store.adopt(upload_id, pieces, key)
    (found,) = [info async for info in store.list()]
    assert found.modified_at.year > 2020
    await store.close()


async def begun(store: LocalStore, kind: str) -> BlobWriter | PieceWriter:
    """A writer of a whole body, or of one that comes in several requests and has 100,000 bytes already."""
    if kind == "blob":
        return await store.create(new_key())
    assert isinstance(store, ResumingLocalStore)
    upload_id = new_id()
    first = await store.extend(upload_id, ())
    await first.write(some_bytes(100_000))
    pieces = await first.finish()
    await first.close()
    return await store.extend(upload_id, pieces)


async def ended(writer: BlobWriter | PieceWriter) -> None:
    await (writer.abort() if hasattr(writer, "abort") else writer.close())


@pytest.mark.parametrize("kind", ["blob", "pieces"])
async def test_peek_when_a_body_is_on_its_way_then_shows_what_was_written_so_far(store: LocalStore, kind: str) -> None:
    """In memory, in a file, or half in each; whoever kept the ends himself saw the same."""
    for seed in range(25):
        dice = random.Random(seed)
        passed = b"" if kind == "blob" else some_bytes(100_000)
        writer = await begun(store, kind)
        assert isinstance(writer, ShowsBytes)
        shown, kept = ShownEnds(writer), KeptEnds()
        for ends in (shown, kept):
            ends.see(passed)
        for _ in range(dice.randint(1, 12)):
            block = dice.randbytes(dice.choice([1, 1000, 60_000, 65_536, 65_537, 300_000]))
            for ends in (shown, kept):
                ends.see(block)
            if isinstance(writer, TakesBlocks) and dice.random() < 0.5:
                await asyncio.to_thread(writer.write_block, memoryview(block))
            else:
                await writer.write(block)
            passed += block
            start, length = dice.randrange(len(passed) + 10), dice.randrange(400_000)
            assert writer.peek(start, length) == passed[start : start + length]
            assert (
                (shown.head(), shown.tail())
                == (kept.head(), kept.tail())
                == (passed[:HEAD_BYTES], passed[-TAIL_BYTES:])
            )
        await ended(writer)


async def test_write_when_hundreds_are_at_work_then_each_holds_little_in_memory(store: LocalStore) -> None:
    """A few write in large steps; 600 that fall silent in the middle hold 64 KiB each at most."""
    alone = store.write_bytes
    writers = [await begun(store, kind) for kind in ("blob", "pieces") * 300]
    for writer in writers:
        for _ in range(8):
            await writer.write(bytes(32 * KIB))
    held = sum(sum(map(len, writer._pending)) for writer in writers)  # type: ignore[union-attr]
    assert held <= len(writers) * SMALL_MOST_BYTES
    assert store.write_bytes == SMALL_MOST_BYTES < alone
    for writer in writers:
        await ended(writer)
    assert store.write_bytes == alone
