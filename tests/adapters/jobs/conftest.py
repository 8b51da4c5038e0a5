"""A database with nothing but a job table."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database
from filemill.chassis.jobs.queue import JobQueue
from support.job_table import JOBS, TABLES


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """The database of one test."""
    made = open_sqlite(tmp_path / "jobs.db")
    await made.write("test", TABLES.create_all)
    yield made
    await made.close()


@pytest.fixture
def queue() -> JobQueue:
    """The statements on its table."""
    return JobQueue(JOBS)
