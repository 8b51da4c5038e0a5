"""Analytics on each engine: read while changes are folded, they are those of the documents."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from filemill.chassis.database.database import Tx
from filemill.contracts.analytics import Analytics
from filemill.contracts.metadata import DocumentPatch
from filemill.local.environment import environment
from filemill.local.installation import opened, prepare
from filemill.metadata import catalogue, index_repository, repository
from filemill.metadata.analytics import analytics
from filemill.metadata.tallies_repository import fold_some
from filemill.metadata.tallying import count_again
from support.engines import ServerEngines
from support.small_installation import fill

FILES = 12
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tally_changes'::regclass"
SINCE, UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


async def numbers_before_and_after() -> tuple[Analytics, ...]:
    """As they came, folded by two at once, counted anew."""
    async with opened() as mill:
        database = mill.parts["metadata"].database
        read: Any = [await database.read(analytics, "local", SINCE, UNTIL)]
        while sum(await asyncio.gather(*[database.write("test.fold", fold_some, 5) for _ in range(2)])):
            pass
        read.append(await database.read(analytics, "local", SINCE, UNTIL))
        await database.write("test.count", count_again)
        read.append(await database.read(analytics, "local", SINCE, UNTIL))
        return tuple(read)


def test_analytics_when_changes_are_folded_then_stay_the_same(each_installation: Path) -> None:
    """And a recount of the documents agrees."""
    asyncio.run(fill(each_installation, FILES))
    came, folded, counted = asyncio.run(numbers_before_and_after())
    assert came == folded == counted
    assert (came.files, sum(came.by_status.values()), came.processing_ms.count) == (FILES, FILES, FILES)


def tag(tx: Tx, file_id: str, number: int) -> None:
    row = repository.get(tx, "local", file_id)
    assert row is not None
    catalogue.patch(tx, row, DocumentPatch(tags=[f"t{number % 3}", f"u{number % 2}"]))


async def counted_while_files_change() -> tuple[Analytics, Analytics]:
    """Six writers, recounts and folds all the while; then what is told, and what a last recount tells."""
    async with opened() as mill:
        database = mill.parts["metadata"].database
        rows = await database.read(lambda tx: index_repository.page_of_all(tx, -1, 6))

        async def write(file_id: str) -> None:
            for number in range(40):
                await database.write("test.tag", tag, file_id, number)

        writing = asyncio.gather(*[write(row["file_id"]) for row in rows])
        while not writing.done():
            await database.write("test.count", count_again)
            await database.write("test.fold", fold_some, 50)
        await writing
        told = await database.read(analytics, "local", SINCE, UNTIL)
        await database.write("test.count", count_again)
        return told, await database.read(analytics, "local", SINCE, UNTIL)


def test_count_again_when_files_change_meanwhile_then_none_is_missed(each_installation: Path) -> None:
    """What changes during a count is in it, or comes after it."""
    asyncio.run(fill(each_installation, FILES))
    told, counted = asyncio.run(counted_while_files_change())
    assert told == counted
    assert (told.top_tags["t0"], told.top_tags["u1"]) == (6, 6)


async def count_beside_a_change_under_way() -> bool:
    """Whether a count waits for somebody who counts something and has not committed yet."""
    async with opened() as mill:
        database = mill.parts["metadata"].database
        other = await asyncpg.connect(os.environ["FILEMILL_METADATA_DATABASE_URL"])
        try:
            under_way = other.transaction()
            await under_way.start()
            await other.execute(
                "INSERT INTO tally_changes (owner_id, kind, day, name, files, bytes) VALUES ('other', 'tag', 1, 'x', 1, 0)"
            )
            counting = asyncio.create_task(database.write("test.count", count_again))
            async with asyncio.timeout(20):
                while not counting.done():
                    if await database.read(lambda tx: tx.exec_driver_sql(WAITING).scalar()):
                        break
                    await asyncio.sleep(0.02)
            waits = not counting.done()
            await under_way.commit()
            await counting
            return waits
        finally:
            await other.close()


@pytest.mark.servers
def test_count_again_when_somebody_counts_at_that_moment_then_waits_for_him(
    tmp_path: Path, server_engines: Callable[[], ServerEngines]
) -> None:
    """Else his change would be in neither count."""
    with environment(server_engines().environment(), tmp_path / "data"):
        prepare(make=True)
        assert asyncio.run(count_beside_a_change_under_way())
