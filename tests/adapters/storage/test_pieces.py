"""Bodies that arrive in several requests, on every store: what was given out as durable is there, and nothing else."""

import hashlib
import random
from typing import Any

import pytest

from filemill.chassis.errors import NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.pieces import Piece, Resumes
from filemill.chassis.storage.store import BlobStore, read_all
from support.blob_stores import KIB, MIB, LocalPlace, Place, in_pieces, some_bytes

Pieces = tuple[Piece, ...]


def resuming(store: BlobStore) -> Any:
    """The store, with its capability asked for as the service asks."""
    assert isinstance(store, Resumes)
    return store


async def append(store: Any, upload_id: str, pieces: Pieces, data: bytes, tap: Any = None) -> Pieces:
    """One request that ends well; the pieces after it."""
    writer = await store.extend(upload_id, pieces, tap)
    try:
        for chunk in in_pieces(data, len(data)):
            await writer.write(chunk)
        pieces = await writer.finish()
        await writer.recorded()
        return pieces
    finally:
        await writer.close()


async def whole(store: Any, upload_id: str, pieces: Pieces) -> bytes:
    return b"".join([chunk async for chunk in store.read_pieces(upload_id, pieces)])


@pytest.mark.parametrize("seed", range(4))
async def test_extend_when_a_body_comes_in_many_requests_then_all_of_it_is_there(
    place: Place, opened: Any, seed: int
) -> None:
    """Each request by another process; the tap sees every byte once and in order, so a hash can go on."""
    dice, upload_id, pieces, digest = random.Random(seed), new_id(), (), hashlib.sha256()
    data = some_bytes(dice.choice((1, 3 * MIB, 21 * MIB)))
    at = 0
    while at < len(data):
        length = dice.choice((1, 100 * KIB, MIB, 5 * MIB, 9 * MIB))
        pieces = await append(resuming(opened(place)), upload_id, pieces, data[at : at + length], digest.update)
        at += length
        assert sum(piece.size_bytes for piece in pieces) == min(at, len(data))
    store = resuming(opened(place))
    assert await whole(store, upload_id, pieces) == data
    assert digest.digest() == hashlib.sha256(data).digest()
    assert sum(piece.size_bytes < 5 * MIB for piece in pieces) <= 1
    await store.forget_pieces(upload_id)
    await store.forget_pieces(upload_id)
    assert place.leftovers() == []
    with pytest.raises(NotFound):
        await whole(store, upload_id, pieces)


async def test_extend_when_a_writer_never_said_what_it_wrote_then_that_tail_is_dropped(
    place: Place, opened: Any
) -> None:
    """A torn or lying tail behind the recorded pieces is not part of the body."""
    upload_id, store = new_id(), resuming(opened(place))
    pieces = await append(store, upload_id, (), b"a" * 3 * MIB)
    lost = await store.extend(upload_id, pieces)
    await lost.write(b"lost" * 3 * MIB)
    await lost.finish()
    await lost.close()
    pieces = await append(store, upload_id, pieces, b"b" * 10)
    assert await whole(store, upload_id, pieces) == b"a" * 3 * MIB + b"b" * 10


async def test_checkpoint_when_the_rest_is_lost_then_its_pieces_stand(place: Place, opened: Any) -> None:
    """What a checkpoint gave out is durable although the request never ended."""
    data, upload_id, store = some_bytes(20 * MIB), new_id(), resuming(opened(place))
    writer = await store.extend(upload_id, ())
    for chunk in in_pieces(data, 1):
        await writer.write(chunk)
    pieces = await writer.checkpoint()
    await writer.recorded()
    await writer.close()
    size = sum(piece.size_bytes for piece in pieces)
    assert size >= 16 * MIB
    assert await whole(resuming(opened(place)), upload_id, pieces) == data[:size]


async def test_adopt_when_the_store_can_then_the_blob_is_the_body_and_the_pieces_go_alone(
    place: Place, opened: Any
) -> None:
    """A store that cannot says so; where it can, forgetting the pieces does not touch the blob."""
    data, upload_id, key, store = some_bytes(3 * MIB), new_id(), new_key(), resuming(opened(place))
    pieces = await append(store, upload_id, (), data)
    adopted = await store.adopt(upload_id, pieces, key)
    assert adopted == isinstance(place, LocalPlace)
    await store.forget_pieces(upload_id)
    if adopted:
        assert await read_all(store, key, len(data)) == data


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0", "01a208c5-3c5d-70e3-a975-e43ec0994017/.."])
async def test_pieces_when_the_id_is_not_ours_then_it_becomes_no_address(place: Place, opened: Any, name: str) -> None:
    """Only ids of ours name a place."""
    store = resuming(opened(place))
    with pytest.raises(NotFound):
        await store.extend(name, ())
    with pytest.raises(NotFound):
        await store.forget_pieces(name)
