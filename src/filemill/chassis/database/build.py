"""Choose the database of a service from one setting: unset means a SQLite file in the data folder."""

import asyncio
import os
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection

from filemill.chassis import server_url
from filemill.chassis.database.database import Database
from filemill.chassis.database.faulty import with_faults
from filemill.chassis.database.sqlite_database import SqliteDatabase
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings

POSTGRESQL_PORT = 5432
SCHEMES = frozenset({"postgresql", "postgres", "postgresql+asyncpg"})


def sqlite_path(settings: ServiceSettings) -> Path:
    """Where the embedded database of a service lives."""
    return settings.data_dir / "databases" / f"{settings.service}.db"


def postgresql_url(settings: ServiceSettings) -> str | None:
    """The URL of this service's database on a server: its own variable, else `DATABASE_URL`; None means embedded.

    Raises `StartError` for a URL that no adapter serves.
    """
    own = f"FILEMILL_{settings.service.upper()}_DATABASE_URL"
    name, url = (own, os.environ[own]) if os.environ.get(own) else ("DATABASE_URL", settings.database_url)
    if not url:
        return None
    _must_be_postgresql(name, url, settings.service)
    return url


def share_out(url: str, services: Iterable[str]) -> dict[str, str]:
    """The database URL of each service of a whole mill from the one `DATABASE_URL`; missing databases are made.

    Raises `StartError` if the server cannot be used.
    """
    _must_be_postgresql("DATABASE_URL", url, "filemill")
    _needs_driver()
    from filemill.chassis.database import postgresql_setup

    return asyncio.run(postgresql_setup.share_out(url, services))


def named_database(settings: ServiceSettings) -> str:
    """For messages: the variable that chooses the database of this service, and where that is."""
    url = postgresql_url(settings)
    if url is None:
        return f"FILEMILL_DATA_DIR: {sqlite_path(settings)}"
    own = f"FILEMILL_{settings.service.upper()}_DATABASE_URL"
    return f"DATABASE_URL (or {own}): {server_url.shown(url, POSTGRESQL_PORT)}"


def place_of_database(settings: ServiceSettings) -> str:
    """What is the same for two settings exactly if they choose the same database. Not for people: it may hold a password."""
    return postgresql_url(settings) or str(sqlite_path(settings))


def build_database(settings: ServiceSettings) -> Database:
    """The database of this service. Raises `StartError` for a URL that no adapter serves."""
    url = postgresql_url(settings)
    if url is None:
        return with_faults(SqliteDatabase(sqlite_path(settings)))
    return with_faults(open_postgresql(url, settings.service))


def migrate_postgresql(settings: ServiceSettings, bring: Callable[[Connection], None]) -> None:
    """Run `bring` in a transaction of its own on the server, one process at a time. Raises `StartError` if it is away."""
    url = postgresql_url(settings)
    assert url is not None
    _needs_driver()
    from filemill.chassis.database import postgresql_migration

    asyncio.run(postgresql_migration.run(url, named_database(settings), bring))


def open_sqlite(path: Path) -> Database:
    """An embedded database at a place of the caller's choice, for parts that keep their own (the local store)."""
    return SqliteDatabase(path)


def open_postgresql(url: str, name: str) -> Database:
    """A database on a server; `name` stands in its metrics and logs. It connects at first use."""
    _needs_driver()
    from filemill.chassis.database.postgresql_database import PostgresqlDatabase

    return PostgresqlDatabase(url, name)


def _needs_driver() -> None:
    """The driver is loaded by whoever uses it, and by nobody else; without it the start ends in one line."""
    if find_spec("asyncpg") is None:
        raise StartError("DATABASE_URL: asyncpg is not installed; install filemill[engines]")


def _must_be_postgresql(name: str, url: str, database: str) -> None:
    """Raise `StartError` for a URL that no adapter serves; `database` is a name for the example."""
    form = f"postgresql://user:password@host:5432/{database}"
    if not server_url.read(name, url, SCHEMES, form).path.strip("/"):
        raise StartError(f"{name}: it names no database; it must be {form}")
