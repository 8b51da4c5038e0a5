"""What is asked for each file must not go through all files: with a million it would take longer than the file's own work."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from filemill.ai import repository
from filemill.ai.tables import jobs as ai_jobs
from filemill.ai.tables import known_files
from filemill.chassis.database.build import open_sqlite, sqlite_path
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.database.migrate import migrate
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.settings import ServiceSettings
from support.plans import plans

OWNER, FILE = "local", "019c2d6e-0000-7000-8000-00000000004d"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    settings = ServiceSettings(service="ai", data_dir=tmp_path)
    migrate(settings)  # as it grew: where two indexes cost the same, SQLite takes the one that was made first, or last
    made = open_sqlite(sqlite_path(settings))
    yield made
    await made.close()


async def test_analysis_when_equal_files_are_looked_for_then_by_their_bytes(database: Database) -> None:
    """Not through all results of the owner, of whom everything may be."""
    row = {"file_id": FILE, "owner_id": OWNER, "version": 1, "storage_key": "key", "sha256": "aa", "text_key": "text"}

    def ask(tx: Tx) -> list[str]:
        tx.execute(insert(known_files), row)
        file = tx.execute(select(known_files)).mappings().one()
        with plans(tx) as steps:
            repository.found_alike(tx, file, "options")
            repository.vectors_alike(tx, file, "digest")
        return steps

    steps = await database.write("test", ask)
    assert sum("known_files USING INDEX known_files_alike (sha256=? AND owner_id=?)" in step for step in steps) == 2
    assert not [step for step in steps if "SCAN" in step or "results_owner" in step], steps


async def test_jobs_when_the_open_ones_are_counted_then_those_that_ended_are_not_walked(database: Database) -> None:
    """They stay for as long as their file does; a worker that has nothing to do counts every second."""
    queue = JobQueue(ai_jobs)

    def ask(tx: Tx) -> list[str]:
        with plans(tx) as steps:
            queue.counts(tx)
            queue.open_by_lane(tx, OWNER)
            queue.ages(tx)
        return steps

    steps = [step for step in await database.write("test", ask) if "jobs" in step]
    assert len(steps) == 6
    assert all(
        "USING" in step and ("jobs_ready" in step or "jobs_turns" in step or "jobs_running" in step) for step in steps
    ), steps
