"""Bring a service's schema to the newest version with Alembic; refuse a database that is too new for the code.

Revisions live in the service's `migrations/versions`, named `NNNN_pre_…` (runs before the new code; only adds) or
`NNNN_post_…` (after the old code is gone). A migration runs in one transaction, and writes down from which revision on code
can work with the schema (`schema_floor`): an older program that restarts beside a newer one, or is put back, starts on a
database that only had things added to it, and leaves it as it is.
"""

import fcntl
import importlib
import sqlite3
import time
from importlib import resources
from pathlib import Path

import structlog
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    select,
)  # fmt: skip
from sqlalchemy.pool import NullPool

from filemill.chassis import long_start
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.build import migrate_postgresql, named_database, postgresql_url, sqlite_path
from filemill.chassis.database.wal import use_wal
from filemill.chassis.durable_folder import make_durable
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings

_FLOOR = Table("schema_floor", MetaData(), Column("oldest", String(32), nullable=False))
_log = structlog.get_logger()


def migrate(settings: ServiceSettings) -> str | None:
    """Upgrade the database of `settings.service` and return its revision; None for a service that owns no data.

    Raises `StartError` if the database cannot be reached or is from the future.
    """
    known = _revisions(settings.service)
    if not known:
        return None
    reached = known[-1]
    if postgresql_url(settings) is not None:

        def bring(connection: Connection) -> None:
            nonlocal reached
            reached = _bring(connection, settings, known)

        migrate_postgresql(settings, bring)
        return reached
    path = sqlite_path(settings)
    make_durable(path.parent)
    with path.with_suffix(".migrating").open("w") as lock:
        # A service and its worker start together; one of them does it.
        waiting = long_start.pauses(long_start.OTHERS_MIGRATE)
        while not _taken(lock.fileno()):
            time.sleep(next(waiting))
        if _sqlite_revision(path) != known[-1]:
            with _engine(path).begin() as connection:
                reached = _bring(connection, settings, known)
                crash_point("migrate.in-tx")
    return reached


def must_be_current(settings: ServiceSettings) -> None:
    """Raise `StartError` unless the database of `settings.service` is there and has the schema of this version."""
    if postgresql_url(settings) is not None:
        migrate_postgresql(settings, lambda connection: _must_be(settings.service, _revision(connection)))
        return
    path = sqlite_path(settings)
    if not path.exists():
        raise StartError(f"FILEMILL_DATA_DIR: {settings.data_dir} holds no database of {settings.service}")
    _must_be(settings.service, _sqlite_revision(path))


def _taken(lock: int) -> bool:
    """Take the lock if nobody has it; whether that was so."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _must_be(service: str, revision: str | None) -> None:
    wanted = _revisions(service)[-1]
    if revision != wanted:
        raise StartError(
            f"{service}: the database is at revision {revision or 'none'}, this version works with {wanted}; "
            f"run: filemill migrate {service}"
        )


def _bring(connection: Connection, settings: ServiceSettings, known: list[str]) -> str:
    """Bring the schema to the newest revision, in the transaction of this connection, under the caller's lock; which it has."""
    current = _revision(connection)
    if current == known[-1]:
        return current
    if current is not None and current not in known:
        if _floor(connection) not in known:
            raise StartError(
                f"{named_database(settings)}: this database of {settings.service} is at revision {current}, which this version "
                "does not know; start the newer filemill that wrote it, or restore a backup"
            )
        _log.warning("database.schema.newer", service=settings.service, revision=current, known=known[-1])
        return current
    if current is not None:
        long_start.takes_long(f"brings its database up to date (from {current} to {known[-1]})")
    _upgrade(settings.service, connection)
    _keep_floor(connection, settings.service)
    return known[-1]


def _keep_floor(connection: Connection, service: str) -> None:
    """Write down the oldest revision whose code works with this schema: the last one that took something away."""
    names = _names(service)
    floor = next((name for name in reversed(names) if name[5:].startswith("post_")), names[0])
    _FLOOR.create(connection, checkfirst=True)
    connection.execute(delete(_FLOOR))
    connection.execute(insert(_FLOOR).values(oldest=floor.partition("_")[0]))


def _floor(connection: Connection) -> str | None:
    if _FLOOR.name not in inspect(connection).get_table_names():
        return None
    return connection.execute(select(_FLOOR.c.oldest)).scalar()


def run_environment(tables: MetaData) -> None:
    """What each service's `migrations/env.py` calls: run the pending revisions on the connection Alembic was given."""
    from alembic import context

    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=tables, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


def _upgrade(service: str, connection: Connection) -> None:
    # Alembic is slow to import (0.2 s), and a start on a current schema does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files(f"filemill.{service}") / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _engine(path: Path) -> Engine:
    """One that begins a transaction when it is told to: the driver would begin none before a CREATE TABLE."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _revisions(service: str) -> list[str]:
    """The revisions of a service, oldest first: the file names up to the first underscore, in order."""
    return [name.partition("_")[0] for name in _names(service)]


def _names(service: str) -> list[str]:
    importlib.import_module(f"filemill.{service}")
    folder = resources.files(f"filemill.{service}") / "migrations" / "versions"
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.name[:4].isdigit())


def _revision(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        return None  # a new database
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _sqlite_revision(path: Path) -> str | None:
    """As `_revision`, in a millisecond: most starts have nothing to do."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    finally:
        connection.close()
    return row[0] if row else None
