"""Schemas: made, brought up to date, left alone, and refused when they are from the future."""

import fcntl
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from filemill.access.tables import metadata as access_tables
from filemill.ai.tables import metadata as ai_tables
from filemill.chassis import long_start
from filemill.chassis.database.build import sqlite_path
from filemill.chassis.database.migrate import migrate
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings
from filemill.metadata.tables import metadata as metadata_tables
from filemill.notification.tables import metadata as notification_tables
from filemill.processing.tables import metadata as processing_tables
from filemill.upload.tables import metadata as upload_tables
from support.servers.postgresql import PostgreSql

TABLES = {
    "access": access_tables,
    "upload": upload_tables,
    "metadata": metadata_tables,
    "processing": processing_tables,
    "ai": ai_tables,
    "notification": notification_tables,
}


def settings_of(service: str, tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(service=service, data_dir=tmp_path)


@pytest.mark.parametrize("service", list(TABLES))
def test_migrate_when_the_database_is_new_then_it_has_every_table_column_and_index(
    service: str, tmp_path: Path
) -> None:
    """What the migrations build is what the code's tables say."""
    settings = settings_of(service, tmp_path)
    revision = migrate(settings)
    assert revision is not None
    assert migrate(settings) == revision
    engine = create_engine(f"sqlite:///{sqlite_path(settings)}")
    there = inspect(engine)
    wanted = TABLES[service].tables
    assert set(there.get_table_names()) == {*wanted, "alembic_version", "schema_floor"}
    for name, table in wanted.items():
        columns = {column["name"]: column["nullable"] for column in there.get_columns(name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        assert {index["name"] for index in there.get_indexes(name)} == {index.name for index in table.indexes}
        assert there.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
    engine.dispose()


def test_migrate_when_the_service_owns_no_data_then_nothing_is_made(tmp_path: Path) -> None:
    """No file appears for a service without tables."""
    assert migrate(settings_of("gateway", tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_migrate_when_the_database_is_from_the_future_then_one_line_says_what_to_do(tmp_path: Path) -> None:
    """An older program never touches what a newer one wrote."""
    settings = settings_of("upload", tmp_path)
    migrate(settings)
    db = sqlite3.connect(sqlite_path(settings))
    with db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.execute("UPDATE schema_floor SET oldest = '9998'")
    db.close()
    before = sqlite_path(settings).read_bytes()
    with pytest.raises(StartError, match="revision 9999") as refused:
        migrate(settings)
    assert "\n" not in str(refused.value)
    assert "newer filemill" in str(refused.value)
    assert sqlite_path(settings).read_bytes() == before


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_migrate_when_a_newer_version_only_added_then_the_older_starts_and_leaves_it_as_it_is(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What is added can be left out, so an instance of before can restart, or be put back; what was taken away ends that."""
    settings = settings_of("upload", tmp_path)
    if engine == "postgresql":
        server: PostgreSql = request.getfixturevalue("postgresql_server")
        settings = settings.model_copy(update={"database_url": server.fresh_database()})

        def change(*statements: str) -> None:
            name = str(settings.database_url).rpartition("/")[2]
            for one in statements:
                server.sql(one, name)
    else:

        def change(*statements: str) -> None:
            db = sqlite3.connect(sqlite_path(settings))
            with db:
                for one in statements:
                    db.execute(one)
            db.close()

    migrate(settings)
    change("UPDATE alembic_version SET version_num = '9998'", "ALTER TABLE files ADD COLUMN mood VARCHAR(10)")
    assert migrate(settings) == "9998"
    assert migrate(settings) == "9998"
    change("UPDATE alembic_version SET version_num = '9999'", "UPDATE schema_floor SET oldest = '9999'")
    with pytest.raises(StartError, match="revision 9999"):
        migrate(settings)


def test_migrate_when_it_takes_long_then_whoever_waits_is_told_what_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an older version: what is done. While another process does it: that it is waited for; and then it goes on."""
    told: list[str] = []
    waits = threading.Event()

    def tell(what: str) -> None:
        told.append(what)
        waits.set()

    monkeypatch.setattr(long_start, "_tell", tell)
    monkeypatch.setattr(long_start, "WAIT_S", 0.0)
    settings = settings_of("access", tmp_path)
    migrate(settings)
    assert told == []
    path = sqlite_path(settings)
    with closing(sqlite3.connect(path)) as db, db:  # as the first version left it
        for table in ("erasures", "erasure_confirmations", "inbox", "outbox"):
            db.execute(f"DROP TABLE {table}")
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    with path.with_suffix(".migrating").open("w") as lock, ThreadPoolExecutor(1) as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        migrating = pool.submit(migrate, settings)
        assert waits.wait(10)
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert migrating.result(10) == "0002"
    assert told == [long_start.OTHERS_MIGRATE, "brings its database up to date (from 0001 to 0002)"]


def test_migrate_when_several_processes_start_at_once_then_one_does_it_and_all_go_on(tmp_path: Path) -> None:
    """A service and its worker start together on an empty folder."""
    code = (
        "import sys; from pathlib import Path; from filemill.chassis.database.migrate import migrate;"
        "from filemill.chassis.settings import ServiceSettings;"
        "print(migrate(ServiceSettings(service='processing', data_dir=Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    answers = [child.communicate(timeout=60) for child in children]
    assert {child.returncode for child in children} == {0}, answers
    assert len({out for out, _ in answers}) == 1
