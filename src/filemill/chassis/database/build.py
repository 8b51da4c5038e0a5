"""Choose the database of a service from one setting: unset means a SQLite file in the data folder."""

import os
from pathlib import Path

from filemill.chassis.database.database import Database
from filemill.chassis.database.sqlite_database import SqliteDatabase
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings


def sqlite_path(settings: ServiceSettings) -> Path:
    """Where the embedded database of a service lives."""
    return settings.data_dir / "databases" / f"{settings.service}.db"


def place_of_database(settings: ServiceSettings) -> str:
    """What is the same for two settings exactly if they choose the same database. Not for people: it may hold a password."""
    own = os.environ.get(f"FILEMILL_{settings.service.upper()}_DATABASE_URL")
    return own or settings.database_url or str(sqlite_path(settings))


def build_database(settings: ServiceSettings) -> Database:
    """The database of this service. Raises `StartError` for a URL that no adapter serves."""
    own = f"FILEMILL_{settings.service.upper()}_DATABASE_URL"
    if os.environ.get(own):
        raise StartError(f"{own}: only the embedded engine is built so far; unset it")
    if settings.database_url:
        raise StartError("DATABASE_URL: only the embedded engine is built so far; unset it")
    return SqliteDatabase(sqlite_path(settings))


def open_sqlite(path: Path) -> Database:
    """An embedded database at a place of the caller's choice, for parts that keep their own (the local store)."""
    return SqliteDatabase(path)
