"""Analytics on each engine: read while changes are folded, they are those of the documents."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from filemill.contracts.metadata import Analytics
from filemill.local.environment import environment
from filemill.local.installation import opened
from filemill.metadata.analytics import analytics
from filemill.metadata.tallies_repository import fold_some
from filemill.metadata.tallying import count_again
from support.engines import ServerEngines
from support.small_installation import fill

FILES = 12
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


@pytest.mark.parametrize("engine", ["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def test_analytics_when_changes_are_folded_then_stay_the_same(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    """And a recount of the documents agrees."""
    make: Callable[[], ServerEngines] | None = None
    if engine == "servers":
        make = request.getfixturevalue("server_engines")
    with environment(make().environment() if make else {}, tmp_path / "data"):
        asyncio.run(fill(tmp_path / "data", FILES))
        came, folded, counted = asyncio.run(numbers_before_and_after())
    assert came == folded == counted
    assert (came.files, sum(came.by_status.values()), came.processing_ms.count) == (FILES, FILES, FILES)
