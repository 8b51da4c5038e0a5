"""A set of keys on the disk is a set, in order, and leaves nothing behind."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.errors import StorageFull
from filemill.local.key_set import BATCH_MOST, in_batches, key_set
from support.tiny_disk import tiny_disk


def test_set_when_keys_come_and_go_then_it_is_as_a_set_of_python(tmp_path: Path) -> None:
    """Twice the same, what is not there, more than one batch; in the order of the keys."""
    dice, truth = random.Random(1), set[str]()
    with key_set(tmp_path) as keys:
        for _ in range(20):
            some = [f"{dice.randrange(4 * BATCH_MOST):x}" for _ in range(200)]
            others = [f"{dice.randrange(4 * BATCH_MOST):x}" for _ in range(50)]
            keys.add(some)
            keys.discard(others)
            truth = (truth | set(some)) - set(others)
        assert len(truth) > BATCH_MOST
        assert (len(keys), list(keys)) == (len(truth), sorted(truth))
        assert all((key in keys) == (key in truth) for key in others)


def test_set_when_it_is_in_use_or_over_then_the_folder_shows_nothing_of_it(tmp_path: Path) -> None:
    """So nothing is left by a process that was killed."""
    with key_set(tmp_path) as keys, key_set(tmp_path) as others:
        keys.add(f"key {at}" for at in range(100_000))  # more than is kept in memory
        others.add(["one"])
        assert list(tmp_path.iterdir()) == []
        assert (len(keys), len(others)) == (100_000, 1)


def test_set_when_the_disk_is_full_then_the_error_says_so(tmp_path: Path) -> None:
    """As the blobs themselves would: with room, it can be tried again."""
    with (
        tiny_disk(tmp_path / "disk", 1) as folder,
        key_set(folder) as keys,
        pytest.raises(StorageFull, match="No room for a list of"),
    ):
        keys.add(f"{at:0100}" for at in range(300_000))


async def test_batches_when_things_come_one_by_one_then_each_is_in_one() -> None:
    """In their order, none left out at the end."""

    async def things(count: int) -> AsyncIterator[int]:
        for at in range(count):
            yield at

    for count in (0, 1, BATCH_MOST, BATCH_MOST + 1):
        batches = [batch async for batch in in_batches(things(count))]
        assert [one for batch in batches for one in batch] == list(range(count))
        assert max(len(batch) for batch in batches) <= BATCH_MOST
