"""Keys of blobs, as many as there are: a million files have millions, which memory would hold for as long as a backup takes."""

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from filemill.chassis.errors import StorageFull

BATCH_MOST = 500
CACHE_KIB = 16 * 1024

Thing = TypeVar("Thing")


class KeySet:
    """A set of texts in a file that nobody else sees; its room is given back when the process ends, however that is."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, keys: Iterable[str]) -> None:
        """Put these in; what is there already stays. Raises `StorageFull`."""
        try:
            self._change("INSERT OR IGNORE INTO keys VALUES (?)", keys)
        except sqlite3.OperationalError as error:
            raise StorageFull(f"No room for a list of {len(self):,} blobs.") from error

    def discard(self, keys: Iterable[str]) -> None:
        """Take these out, if they are there."""
        self._change("DELETE FROM keys WHERE key = ?", keys)

    def _change(self, statement: str, keys: Iterable[str]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(statement, ((key,) for key in keys))
        self._db.execute("COMMIT")

    def __contains__(self, key: object) -> bool:
        return self._db.execute("SELECT 1 FROM keys WHERE key = ?", (key,)).fetchone() is not None

    def __len__(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM keys").fetchone()[0]
        return count

    def __iter__(self) -> Iterator[str]:
        """In their order; what is put in or taken out meanwhile may be seen or not."""
        after = ""
        while found := self._db.execute(
            "SELECT key FROM keys WHERE key > ? ORDER BY key LIMIT ?", (after, BATCH_MOST)
        ).fetchall():
            after = found[-1][0]
            yield from (key for (key,) in found)


@contextmanager
def key_set(folder: Path) -> Iterator[KeySet]:
    """An empty one, for as long as the block lasts; each key takes some 150 bytes of room in `folder`."""
    with tempfile.TemporaryDirectory(prefix=".keys-", dir=folder) as place:
        db = sqlite3.connect(Path(place) / "keys.db", isolation_level=None)
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "locking_mode = EXCLUSIVE",
            f"cache_size = -{CACHE_KIB}",
        ):
            db.execute(f"PRAGMA {pragma}")
        db.execute("CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID")
        (Path(place) / "keys.db").unlink()
    try:
        yield KeySet(db)
    finally:
        db.close()


async def in_batches(things: AsyncIterator[Thing]) -> AsyncIterator[list[Thing]]:
    """As they come, `BATCH_MOST` at a time; the last batch may be empty."""
    batch: list[Thing] = []
    async for thing in things:
        batch.append(thing)
        if len(batch) == BATCH_MOST:
            yield batch
            batch = []
    yield batch
