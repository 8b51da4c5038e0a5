"""A remote store that is away, paused, silent or full of work: calls end in their time, and it heals by itself."""

import time
from pathlib import Path

import pytest

from filemill.chassis.errors import Unavailable
from filemill.chassis.resilience.breaker import OPEN_LONGEST_S
from filemill.chassis.storage import remote_body
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.remote_store import S3BlobStore
from filemill.chassis.storage.store import (
    put,
    read_all,
)
from support.blob_stores import MIB, listed, write_all, write_pieces
from support.http_fault_proxy import HttpFaultProxy

from .conftest import IMPATIENT

pytestmark = pytest.mark.servers


async def test_calls_when_the_store_is_away_then_unavailable_fast_and_it_heals_by_itself(
    far: S3BlobStore, proxy: HttpFaultProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Refused connections are known at once; after five the breaker answers alone; one probe closes it again."""
    key = new_key()
    await put(far, key, b"12345")
    proxy.down()
    began_s = time.monotonic()
    for call in (far.check, lambda: far.open(key), lambda: put(far, new_key(), b"1"), lambda: far.delete(key),
                 lambda: far.fetch(key, tmp_path / "copy"), lambda: listed(far)):  # fmt: skip
        with pytest.raises(Unavailable):
            await call()
    assert time.monotonic() - began_s < 10
    began_s, before = time.monotonic(), proxy.connections
    proxy.up()
    for _ in range(100):
        with pytest.raises(Unavailable, match="asked again soon"):
            await far.open(key)
    assert time.monotonic() - began_s < 1
    assert proxy.connections == before
    breaker = far._remote.breaker
    assert breaker.is_open
    monkeypatch.setattr(breaker, "_clock", lambda: time.monotonic() + OPEN_LONGEST_S)
    assert await read_all(far, key, 10) == b"12345"
    assert not breaker.is_open


async def test_calls_when_the_store_is_paused_then_each_ends_within_its_time(
    far: S3BlobStore, proxy: HttpFaultProxy
) -> None:
    """A store that accepts and never answers holds nobody longer than `Patience` says."""
    proxy.pause()
    for call, most_s in (
        (far.check, IMPATIENT.ask_s),
        (lambda: put(far, new_key(), b"1"), IMPATIENT.send_s + IMPATIENT.ask_s),
    ):
        began_s = time.monotonic()
        with pytest.raises(Unavailable):
            await call()
        assert time.monotonic() - began_s < most_s + 1


async def test_write_when_the_store_falls_silent_in_the_middle_then_it_ends_in_its_time(
    far: S3BlobStore, proxy: HttpFaultProxy
) -> None:
    """A large upload under way is given up once its parts have had their tries."""
    writer = await far.create(new_key())
    await write_pieces(writer, 9)
    proxy.pause()
    began_s = time.monotonic()
    with pytest.raises(Unavailable):
        await write_pieces(writer, 100)
    proxy.resume()
    await writer.abort()
    assert time.monotonic() - began_s < IMPATIENT.send_s + IMPATIENT.part_s + 2


async def test_write_when_the_store_is_away_then_a_large_body_is_refused_after_its_first_part(
    far: S3BlobStore, proxy: HttpFaultProxy
) -> None:
    """Nobody sends gigabytes to a store that is not there."""
    proxy.down()
    writer = await far.create(new_key())
    await writer.write(bytes(8 * MIB))
    with pytest.raises(Unavailable):
        await writer.write(bytes(MIB))
    await writer.abort()


async def test_write_when_too_many_are_under_way_then_the_next_is_told_to_come_back(
    far: S3BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory of all uploads together is bounded, and given back."""
    monkeypatch.setattr(far._buffers, "_most_bytes", 2 * remote_body.MULTIPART_BYTES)
    writers = [await far.create(new_key()) for _ in range(3)]
    for writer in writers[:2]:
        await writer.write(bytes(9 * MIB))
    with pytest.raises(Unavailable) as refused:
        await writers[2].write(bytes(9 * MIB))
    assert refused.value.retry_after_s
    for writer in writers:
        await writer.abort()
    assert far._buffers.held_bytes == 0
    await write_all(far, new_key(), bytes(9 * MIB))
    assert far._buffers.held_bytes == 0
