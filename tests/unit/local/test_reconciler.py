"""The reconciler: blobs without rows go after a grace, blobs with rows never, and what cannot be said removes nothing."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from filemill.chassis.errors import Unavailable
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import put
from filemill.local.installation import Installation, opened, prepare
from filemill.processing import repository as processing_rows
from filemill.upload.intake import Intake
from filemill.upload.reconciler import Reconciler
from filemill.upload.settings import UploadSettings
from support.small_installation import LARGE_BYTES, make_index, process, remove, settle, upload_one

GRACE = timedelta(hours=48)


@pytest.fixture
async def mill(data_dir: Path) -> AsyncIterator[Installation]:
    """An installation with three processed files: their bodies, texts and pictures."""
    prepare(make=True)
    async with opened() as mill:
        await make_index(mill)
        intake = Intake(mill.parts["upload"].database, mill.store, UploadSettings(data_dir=data_dir))
        for number in range(3):
            await process(mill, await upload_one(intake, number))
        await settle(mill)
        yield mill


def reconciler(mill: Installation, *, dry_run: bool = False, grace: timedelta = timedelta(0)) -> Reconciler:
    async def ask(keys: Sequence[str]) -> set[str]:
        return set(await mill.parts["processing"].database.read(processing_rows.named, keys))

    return Reconciler(mill.parts["upload"].database, mill.store, ask, grace=grace, dry_run=dry_run)


async def keys(mill: Installation) -> set[str]:
    return {blob.key async for blob in mill.store.list()}


async def orphans(mill: Installation) -> set[str]:
    """A small one, a row of the store, and a large one, a file."""
    made = {new_key(), new_key()}
    for key, size in zip(sorted(made), (10, LARGE_BYTES), strict=True):
        await put(mill.store, key, b"x" * size)
    return made


async def test_round_when_blobs_have_no_row_then_they_go_and_every_other_stays(mill: Installation) -> None:
    """Bodies, texts and pictures are named by somebody; the two orphans by nobody."""
    named = await keys(mill)
    made = await orphans(mill)
    found = await reconciler(mill).round()
    assert (set(found.orphans), found.removed, found.missing) == (made, 2, [])
    await remove(mill)
    assert await keys(mill) == named
    assert (await reconciler(mill).round()).orphans == []


async def test_round_when_the_grace_is_not_over_then_nothing_goes(mill: Installation, data_dir: Path) -> None:
    """An upload whose row is about to be written looks just like an orphan."""
    made = await orphans(mill)
    assert (await reconciler(mill, grace=GRACE).round()).orphans == []
    large = max(made, key=lambda key: (data_dir / "store" / key).exists())
    long_ago = time.time() - GRACE.total_seconds() - 60
    os.utime(data_dir / "store" / large, (long_ago, long_ago))
    assert (await reconciler(mill, grace=GRACE).round()).orphans == [large]


async def test_round_when_dry_then_tells_and_removes_nothing(mill: Installation) -> None:
    """What would go is known before it goes."""
    made = await orphans(mill)
    found = await reconciler(mill, dry_run=True).round()
    assert (set(found.orphans), found.removed) == (made, 0)
    assert await remove(mill) == 0
    assert made <= await keys(mill)


async def test_round_when_processing_cannot_be_asked_then_nothing_is_removed(mill: Installation) -> None:
    """Its pictures would look like orphans."""

    async def away(_keys: Sequence[str]) -> set[str]:
        raise Unavailable("away")

    before = await keys(mill) | await orphans(mill)
    with pytest.raises(Unavailable):
        await Reconciler(mill.parts["upload"].database, mill.store, away, grace=timedelta(0), dry_run=False).round()
    await remove(mill)
    assert await keys(mill) == before


async def test_round_when_a_row_has_no_blob_then_it_is_told(mill: Installation) -> None:
    """It cannot be mended here, but somebody learns of it."""
    bodies = [
        key
        for key in await keys(mill)
        if not await mill.parts["processing"].database.read(processing_rows.named, [key])
    ]
    await mill.store.delete(bodies[0])
    found = await reconciler(mill).round()
    assert (found.missing, found.orphans) == ([bodies[0]], [])
