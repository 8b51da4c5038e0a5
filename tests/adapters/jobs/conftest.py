"""A database with nothing but a job table."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database
from filemill.chassis.jobs.queue import JobQueue
from support.job_table import JOBS, TABLES
from support.servers.postgresql import PostgreSql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the database of one test is: a file, then a server."""
    if request.param == "sqlite":
        return str(tmp_path / "jobs.db")
    server: PostgreSql = request.getfixturevalue("postgresql_server")
    return server.fresh_database()


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """The database of one test, on each engine."""
    made: Database = open_postgresql(address, "test") if "://" in address else open_sqlite(Path(address))
    await made.write("test", TABLES.create_all)
    yield made
    await made.close()


@pytest.fixture
def queue() -> JobQueue:
    """The statements on its table."""
    return JobQueue(JOBS)
