"""Both forms of a blob in each kind of store: the key is enough, whatever form is there, and whenever it changes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.chassis.errors import NotFound
from filemill.chassis.storage.keys import COMPRESSED_SUFFIX, new_key
from filemill.chassis.storage.seekable import FRAME_BYTES, Damaged
from filemill.chassis.storage.store import BlobStore, HasDescriptor, IsCompressed, drain, put, read_all
from filemill.local.move import copy_blob
from support.blob_stores import KIB, MIB, LocalPlace, Place, listed
from support.compressed import packed, put_packed, words

SIZES = (5 * KIB, 200 * KIB, FRAME_BYTES, 3 * MIB + 17)
"""In the local store: small in both forms, a file that becomes small, a whole frame, files in both forms."""


@pytest.fixture
def forms(store: BlobStore) -> Any:
    """The store with what it can do beyond the port."""
    return store


async def gathered(reader: Any, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in drain(reader, start, length)])


@pytest.mark.parametrize("size", SIZES)
async def test_open_when_the_form_changes_then_the_bytes_do_not(forms: Any, tmp_path: Path, size: int) -> None:
    """Plain, both, compressed: the same size, bytes and key; only the last goes another way to the client."""
    data, key = words(size), new_key()
    await put(forms, key, data)
    stored = await put_packed(forms, key, data)
    assert await listed(forms) == {key: size}
    reader = await forms.open(key)
    assert not isinstance(reader, IsCompressed)
    assert await gathered(reader) == data
    assert await gathered(await forms.open_compressed(key)) == data
    assert await forms.drop_plain(key)
    assert await listed(forms) == {key: stored}
    reader = await forms.open(key)
    assert isinstance(reader, IsCompressed)
    assert not isinstance(reader, HasDescriptor)
    assert reader.size_bytes == size
    assert await gathered(reader) == data
    await forms.fetch(key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert await forms.drop_plain(key), "a second time does nothing"


async def test_read_when_any_range_is_asked_then_it_is_that_of_the_original(forms: Any) -> None:
    """Whatever the frames are, and wherever a range begins and ends."""
    data, key = words(300_000), new_key()
    await put_packed(forms, key, data, frame_bytes=4096)
    reader = await forms.open(key)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, len(data) + 10), st.one_of(st.none(), st.integers(0, len(data))))
    def plan(start: int, length: int | None) -> None:
        asked.append((start, length))

    asked: list[tuple[int, int | None]] = []
    plan()
    for start, length in asked:
        got = b"".join([chunk async for chunk in reader.read(start, length)])
        assert got == data[start : None if length is None else start + length], (start, length)
    await reader.close()


async def test_read_when_a_range_is_small_then_only_its_frames_are_asked_for(forms: Any) -> None:
    """A byte in the middle of a large blob costs one frame, and what comes is never more than a frame at once."""
    data, key = words(8 * MIB), new_key()
    await put_packed(forms, key, data)
    reader = await forms.open(key)
    asked = []
    inner = reader.stored.read

    def noting(start: int = 0, length: int | None = None) -> Any:
        asked.append(length)
        return inner(start, length)

    reader.stored.read = noting
    chunks = [chunk async for chunk in reader.read(5 * MIB + 7, MIB)]
    await reader.close()
    assert b"".join(chunks) == data[5 * MIB + 7 : 6 * MIB + 7]
    assert max(map(len, chunks)) <= FRAME_BYTES
    assert len(asked) == 1
    assert asked[0] < 2 * MIB


@pytest.mark.parametrize("size", [5 * KIB, 3 * MIB])
async def test_read_when_the_plain_form_goes_meanwhile_then_the_rest_still_comes(forms: Any, size: int) -> None:
    """Who had opened it before the change reads it to its end."""
    data, key = words(size), new_key()
    await put(forms, key, data)
    reader = await forms.open(key)
    stream = reader.read()
    got = await anext(stream)
    await put_packed(forms, key, data)
    assert await forms.drop_plain(key)
    async for chunk in stream:
        got += chunk
    assert got == data
    tail = b"".join([chunk async for chunk in reader.read(size - 100)])
    assert tail == data[-100:]
    await reader.close()


@pytest.mark.parametrize("size", [5 * KIB, 3 * MIB])
async def test_delete_when_both_forms_are_there_then_both_go(forms: Any, place: Place, size: int) -> None:
    """A purge leaves neither."""
    data, key = words(size), new_key()
    await put(forms, key, data)
    await put_packed(forms, key, data)
    assert await forms.delete(key)
    assert await listed(forms) == {}
    for opened in (forms.open, forms.open_compressed):
        with pytest.raises(NotFound):
            await opened(key)
    assert not await forms.delete(key)
    await put_packed(forms, key, data)
    assert await forms.delete(key)
    assert not await forms.delete(key)


@pytest.mark.parametrize("size", [5 * KIB, 200 * KIB, 3 * MIB])
async def test_commit_when_a_cut_off_try_left_a_form_then_it_is_replaced(forms: Any, size: int) -> None:
    """The compressor does it over; no key is used twice by anybody else."""
    data, key = words(size), new_key()
    await put(forms, key, data)
    await put_packed(forms, key, words(size, seed=2))
    await put_packed(forms, key, data)
    assert await forms.drop_plain(key)
    assert await read_all(forms, key, 4 * MIB) == data


async def test_drop_plain_when_the_compressed_form_is_missing_or_damaged_then_the_plain_one_stays(forms: Any) -> None:
    """What is whole is never removed for what is not there."""
    data, key = words(5 * KIB), new_key()
    await put(forms, key, data)
    assert not await forms.drop_plain(key)
    writer = await forms.create_compressed(key)
    await writer.write(packed(data)[:-1])
    await writer.commit()
    assert not await forms.drop_plain(key)
    assert await read_all(forms, key, MIB) == data
    await forms.drop_compressed(key)
    with pytest.raises(NotFound):
        await forms.open_compressed(key)


async def test_drop_compressed_when_it_is_the_only_form_then_it_stays(forms: Any) -> None:
    """The other way round it holds as well."""
    key = new_key()
    await put_packed(forms, key, words(5 * KIB))
    await forms.drop_compressed(key)
    assert await read_all(forms, key, MIB) == words(5 * KIB)


@pytest.mark.parametrize("cut", [0, 5, 9, 100])
async def test_open_when_the_table_is_cut_off_then_it_is_damaged(forms: Any, cut: int) -> None:
    """Never a part as if it were the whole."""
    key, body = new_key(), packed(words(100 * KIB))
    writer = await forms.create_compressed(key)
    await writer.write(body[: len(body) - cut - 1])
    await writer.commit()
    with pytest.raises(Damaged):
        await forms.open(key)


async def test_key_when_it_names_a_form_then_it_is_no_key(forms: Any) -> None:
    """Nobody gets at the compressed bytes, or writes over them, by a forged key."""
    key = new_key()
    await put_packed(forms, key, words(5 * KIB))
    for call in (forms.open, forms.delete, forms.create, forms.drop_plain):
        with pytest.raises(NotFound):
            await call(key + COMPRESSED_SUFFIX)


@pytest.mark.parametrize("size", [5 * KIB, 3 * MIB])
async def test_copy_blob_when_it_is_compressed_then_so_is_the_copy(forms: Any, tmp_path: Path, size: int) -> None:
    """A backup and a move send what is stored."""
    data, key, other = words(size), new_key(), LocalPlace(tmp_path / "other").open()
    stored = await put_packed(forms, key, data)
    assert await copy_blob(forms, other, key) == stored
    assert await listed(other) == {key: stored}
    assert await read_all(other, key, 4 * MIB) == data
    await other.close()
