"""Installations of earlier versions, kept as archives (`scripts/keep_installation.py`): unpacked, looked at, compared."""

import hashlib
import json
import sqlite3
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

FOLDER = Path(__file__).parents[1] / "journey" / "kept"
Rows = dict[tuple[str, str], Counter[tuple[Any, ...]]]
"""(database, table) -> its rows, of the columns that `columns` has."""
MADE_ANEW = ("alembic_version", "schema_floor", "sqlite_", "word_", "vocabulary")
"""Tables that begin so hold nothing of their own: the schema's number, and the index of words, made of the documents."""


def versions() -> list[str]:
    """The versions that are kept."""
    return sorted(path.name.removesuffix(".tar.xz") for path in FOLDER.glob("*.tar.xz"))


def unpack(version: str, folder: Path) -> Path:
    """A copy of its data folder."""
    with tarfile.open(FOLDER / f"{version}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "data"


def expected(version: str) -> dict[str, Any]:
    """What its files were to a user."""
    found: dict[str, Any] = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return found


def columns(data_dir: Path) -> dict[tuple[str, str], list[str]]:
    """The columns of every table of every service, in the order they are in."""
    found = {}
    for path in sorted((data_dir / "databases").glob("*.db")):
        with _opened(path) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                if not name.startswith(MADE_ANEW):
                    about = connection.execute(f'PRAGMA table_info("{name}")')
                    found[path.stem, name] = [row[1] for row in about]
        connection.close()
    return found


def rows(data_dir: Path, wanted: dict[tuple[str, str], list[str]]) -> Rows:
    """Every row, of these columns. Raises `sqlite3.OperationalError` for one that is not there any more."""
    found: Rows = {}
    for (database, table), names in wanted.items():
        listed = ", ".join(f'"{name}"' for name in names)
        with _opened(data_dir / "databases" / f"{database}.db") as connection:
            # Text as bytes: what a database holds need not be text.
            connection.text_factory = bytes
            found[database, table] = Counter(connection.execute(f'SELECT {listed} FROM "{table}"'))
        connection.close()
    return found


def lost(before: Rows, after: Rows) -> list[str]:
    """Rows that are not there as they were, in words."""
    return [
        f"{database}.{table}: {row}"
        for (database, table), old in before.items()
        for row in (old - after[database, table])
    ]


def what_a_user_sees(client: httpx.Client, file_id: str) -> dict[str, Any]:
    """What must be the same after any upgrade: names, states, words and bytes."""
    document = client.get(f"/api/metadata/files/{file_id}").raise_for_status().json()
    kept = {name: document[name] for name in ("filename", "size", "sha256", "status", "analysis", "version", "title")}
    content = client.get(f"/api/upload/files/{file_id}/content").raise_for_status().content
    text = client.get(f"/api/metadata/files/{file_id}/text")
    return kept | {
        "tags": sorted(document["tags"]),
        "renditions": sorted(one["name"] for one in document["renditions"]),
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "text_sha256": hashlib.sha256(text.content).hexdigest() if text.is_success else None,
    }


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
