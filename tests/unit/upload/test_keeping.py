"""What uploads leave behind goes as fast as it comes: a round is bounded, and the next one comes soon where there is more."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, insert, select

from filemill.chassis.clock import unix_s
from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.storage.store import BlobStore
from filemill.upload import keeping
from filemill.upload.keeping import Keeper
from filemill.upload.settings import UploadSettings
from filemill.upload.tables import idempotency, metadata
from filemill.upload.unfinished import AT_ONCE_MOST, Unfinished

HOUR_S = 3600.0


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = open_sqlite(tmp_path / "upload.db")
    await made.write("test", metadata.create_all)
    yield made
    await made.close()


class _Unfinished:
    """Sweeps as many as it is told to."""

    def __init__(self, *counts: int) -> None:
        self._counts = list(counts)

    async def sweep(self) -> tuple[int, int]:
        return self._counts.pop(0), 0


def keeper(database: Database, unfinished: _Unfinished | None = None) -> Keeper:
    return Keeper(database, cast("BlobStore", object()), UploadSettings(), cast("Unfinished | None", unfinished))


def keys(tx: Tx) -> int:
    return int(tx.execute(select(func.count()).select_from(idempotency)).scalar_one())


async def test_sweep_when_more_keys_are_old_than_a_round_takes_then_the_next_comes_soon(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not old stays; a round that took little is followed by a pause."""
    monkeypatch.setattr(keeping, "KEYS_MOST", 10)

    def fill(tx: Tx) -> None:
        for at in range(25):
            tx.execute(insert(idempotency), _row(at, age_s=(0 if at < 3 else 30) * HOUR_S))

    await database.write("test", fill)
    one = keeper(database)
    assert [(await one.sweep(), await database.read(keys)) for _ in range(3)] == [(True, 15), (True, 5), (False, 3)]


async def test_sweep_when_a_round_of_uploads_is_full_then_the_next_comes_soon(database: Database) -> None:
    """Some of them may have been at work."""
    one = keeper(database, _Unfinished(AT_ONCE_MOST, AT_ONCE_MOST - 2, 1))
    assert [await one.sweep() for _ in range(3)] == [True, True, False]


def _row(at: int, *, age_s: float) -> dict[str, Any]:
    return {"owner_id": "local", "route": "files", "key": f"key-{at}", "created_at": unix_s() - age_s}
