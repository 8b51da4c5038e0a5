"""A processing service on each engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.jobs import worker as worker_module
from filemill.chassis.storage.build import build_store
from filemill.processing.handing import Handing
from filemill.processing.settings import ProcessingSettings
from filemill.processing.tables import metadata
from support.processing_service import OpenSandbox, Service
from support.servers.postgresql import PostgreSql

from .handed_parts import FakeUpload


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the database of one test is: a file, then a server."""
    if request.param == "sqlite":
        return str(tmp_path / "processing.db")
    server: PostgreSql = request.getfixturevalue("postgresql_server")
    return server.fresh_database()


@pytest.fixture
async def service(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """The service of one test, without workers."""
    monkeypatch.setattr(worker_module, "IDLE_S", 0.05)
    database = open_postgresql(address, "test") if "://" in address else open_sqlite(Path(address))
    await database.write("test.create", metadata.create_all)
    (tmp_path / "scratch").mkdir()
    store = build_store(ProcessingSettings(data_dir=tmp_path))
    made = Service(address, database, store, tmp_path, OpenSandbox())
    yield made
    await made.close()
    await store.close()
    await database.close()


@pytest.fixture
def upload() -> FakeUpload:
    """What takes parts as upload does."""
    return FakeUpload()


@pytest.fixture
def hands(service: Service, upload: FakeUpload) -> Handing:
    """What hands parts over, in this process."""
    return Handing(service.database, service.store, upload)  # type: ignore[arg-type]
