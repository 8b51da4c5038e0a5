"""Bring a service's schema to the newest version with Alembic; refuse a database that is newer than the code.

Revisions live in the service's `migrations/versions`, named `NNNN_pre_…` (runs before the new code) or `NNNN_post_…`
(after the old code is gone), and old and new code run on both sides of each. A migration runs in one transaction.
"""

import fcntl
import importlib
import sqlite3
from importlib import resources
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.pool import NullPool

from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.build import sqlite_path
from filemill.chassis.durable_folder import make_durable
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings


def migrate(settings: ServiceSettings) -> str | None:
    """Upgrade the database of `settings.service` and return its revision; None for a service that owns no data.

    Raises `StartError` if the database is from the future.
    """
    if not _revisions(settings.service):
        return None
    path = sqlite_path(settings)
    make_durable(path.parent)
    with path.with_suffix(".migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a service and its worker start together; one of them does it
        return _migrate(settings, path)


def must_be_current(settings: ServiceSettings) -> None:
    """Raise `StartError` unless the database of `settings.service` is there and has the schema of this version."""
    path = sqlite_path(settings)
    if not path.exists():
        raise StartError(f"FILEMILL_DATA_DIR: {settings.data_dir} holds no database of {settings.service}")
    current, wanted = _current(str(path)), _revisions(settings.service)[-1]
    if current != wanted:
        raise StartError(
            f"{settings.service}: the database is at revision {current or 'none'}, this version works with {wanted}; "
            f"run: filemill migrate {settings.service}"
        )


def _migrate(settings: ServiceSettings, path: Path) -> str:
    known = _revisions(settings.service)
    current = _current(str(path))
    if current == known[-1]:
        return current
    if current is not None and current not in known:
        raise StartError(
            f"{settings.service}: the database {path} is at revision {current}, which this version does not know; "
            "start the newer filemill that wrote it, or restore a backup"
        )
    _upgrade(settings.service, str(path))
    return known[-1]


def run_environment(tables: MetaData) -> None:
    """What each service's `migrations/env.py` calls: run the pending revisions on the connection Alembic was given."""
    from alembic import context

    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=tables, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


def _upgrade(service: str, path: str) -> None:
    # Alembic is slow to import (0.2 s), and a start on a current schema does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files(f"filemill.{service}") / "migrations"))
    config.set_main_option("path_separator", "os")
    with _engine(path).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        crash_point("migrate.in-tx")


def _engine(path: str) -> Engine:
    """One that begins a transaction when it is told to: the driver would begin none before a CREATE TABLE."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _revisions(service: str) -> list[str]:
    """The revisions of a service, oldest first: the file names up to the first underscore, in order."""
    importlib.import_module(f"filemill.{service}")
    folder = resources.files(f"filemill.{service}") / "migrations" / "versions"
    if not folder.is_dir():
        return []
    names = sorted(entry.name for entry in folder.iterdir() if entry.name[:4].isdigit())
    return [name.partition("_")[0] for name in names]


def _current(path: str) -> str | None:
    connection = sqlite3.connect(path, timeout=30)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None  # no such table: a new database
    finally:
        connection.close()
    return row[0] if row else None
