"""Idempotency keys in a real database: held while at work, free again whatever went wrong."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database
from filemill.chassis.errors import Unavailable
from filemill.upload import idempotency
from filemill.upload.errors import IdempotencyInProgress
from filemill.upload.idempotency import IdempotencyKeys, Ticket
from filemill.upload.tables import metadata

KEY = ("ada", "PUT /files", "key-1")


class Leaving:
    """A database that is away for some of its writes."""

    def __init__(self, inner: Database) -> None:
        self.inner = inner
        self.away: set[str] = set()
        self.writes: list[str] = []

    async def write(self, point: str, *args: Any) -> Any:
        """As `Database.write`."""
        self.writes.append(point)
        if point in self.away:
            raise Unavailable()
        return await self.inner.write(point, *args)

    async def write_unsynced(self, point: str, *args: Any) -> Any:
        """As `Database.write_unsynced`; one that is away may have written all the same."""
        self.writes.append(point)
        done = await self.inner.write_unsynced(point, *args)
        if point in self.away:
            raise Unavailable()
        return done


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Leaving]:
    monkeypatch.setattr(idempotency, "KEEP_EVERY_S", 0.01)
    inner = open_sqlite(tmp_path / "upload.db")
    await inner.write("test", metadata.create_all)
    yield Leaving(inner)
    await inner.close()


async def presented(keys: IdempotencyKeys) -> Ticket:
    """The ticket for the key, as soon as it is free."""
    async with asyncio.timeout(10):
        while True:
            try:
                shown = await keys.present(*KEY)
            except IdempotencyInProgress:
                await asyncio.sleep(0.01)
            else:
                assert isinstance(shown, Ticket)
                return shown


@pytest.mark.parametrize("lost", ["upload.idempotency.drop", "upload.idempotency.claim"])
async def test_key_when_the_database_was_away_then_it_is_freed_later(database: Leaving, lost: str) -> None:
    """A request that failed because the database went away does not leave its key to nobody."""
    keys = IdempotencyKeys(database)  # type: ignore[arg-type]
    if lost.endswith("claim"):
        database.away = {lost}
        with pytest.raises(Unavailable):
            await keys.present(*KEY)
    else:
        ticket = await presented(keys)
        database.away = {lost}
        await keys.give_up(ticket)
    database.away = set()
    other = IdempotencyKeys(database)  # type: ignore[arg-type]
    with pytest.raises(IdempotencyInProgress):
        await other.present(*KEY)
    running = asyncio.create_task(keys.run())
    await presented(other)
    running.cancel()


async def test_key_when_its_request_takes_long_then_it_stays_held(
    database: Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A holder says again and again that it is at work; one that says no more is overtaken."""
    monkeypatch.setattr(
        "filemill.chassis.process_identity.is_dead", lambda _holder: False
    )  # as seen from another machine
    now_s = 1000.0
    monkeypatch.setattr("time.time", lambda: now_s)
    keys, other = IdempotencyKeys(database), IdempotencyKeys(database)  # type: ignore[arg-type]
    await presented(keys)
    running = asyncio.create_task(keys.run())
    for _ in range(5):
        now_s += 0.9 * idempotency.HOLD_S
        with pytest.raises(IdempotencyInProgress):
            await other.present(*KEY)
        kept = database.writes.count("upload.idempotency.keep")
        async with asyncio.timeout(10):
            # The next one may have looked at the clock before it moved.
            while database.writes.count("upload.idempotency.keep") < kept + 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.inner.write(
        "test", lambda _: None
    )  # behind the last word of the holder, which may still be on its way
    now_s += 1.1 * idempotency.HOLD_S
    await presented(other)
