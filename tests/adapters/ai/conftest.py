"""The tables of ai on each engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.ai.tables import metadata
from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database
from support.servers.postgresql import PostgreSql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The tables of ai, empty."""
    if request.param == "sqlite":
        made = open_sqlite(tmp_path / "ai.db")
    else:
        server: PostgreSql = request.getfixturevalue("postgresql_server")
        made = open_postgresql(server.fresh_database(), "test")
    await made.write("test.create", metadata.create_all)
    yield made
    await made.close()
