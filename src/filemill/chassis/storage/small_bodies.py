"""Small bodies as rows of one SQLite file: many of them share one commit.

Not for: which body is small (`local_store`). A key is written once; only a compressed form may be written again, since a try
that a crash cut off may have left it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import column, delete, select, table

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound
from filemill.chassis.storage.keys import COMPRESSED_SUFFIX
from filemill.chassis.storage.store import BlobInfo

_TABLE = (
    "CREATE TABLE IF NOT EXISTS small (key TEXT PRIMARY KEY, stored_at TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID"
)
_small = table("small", column("key"))


class SmallBodies:
    """The table, made when it is first asked for. Closes its database with `close`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._table_ready = False

    async def put(self, key: str, body: bytes) -> None:
        """Store one, durable on return."""
        await self._ready()
        await self._database.write_each("store.small.put", _insert, (key, body))

    async def get(self, key: str) -> bytes:
        """All of one. Raises `NotFound`."""
        await self._ready()
        body = await self._database.read(_select, key)
        if body is None:
            raise NotFound("The stored bytes are missing.")
        return body

    async def count(self, keys: Sequence[str]) -> int:
        """How many of these are here."""
        await self._ready()
        return await self._database.read(_count, keys)

    async def delete(self, keys: Sequence[str]) -> int:
        """Delete what is here of these; returns how many were."""
        if not await self.count(keys):
            return 0
        return await self._database.write("store.small.delete", _delete, keys)

    async def infos(self) -> list[BlobInfo]:
        """Each of them, by key."""
        await self._ready()
        return await self._database.read(_infos)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    async def _ready(self) -> None:
        if not self._table_ready:
            await self._database.write("store.small.schema", _create)
            self._table_ready = True


def _create(tx: Tx) -> None:
    tx.exec_driver_sql(_TABLE)


def _insert(tx: Tx, bodies: Sequence[tuple[str, bytes]]) -> Sequence[None]:
    stored_at = now().isoformat()
    again = [key for key, _ in bodies if key.endswith(COMPRESSED_SUFFIX)]
    if again:
        tx.execute(delete(_small).where(_small.c.key.in_(again)))
    tx.exec_driver_sql("INSERT INTO small VALUES (?, ?, ?)", [(key, stored_at, body) for key, body in bodies])
    return [None] * len(bodies)


def _select(tx: Tx, key: str) -> bytes | None:
    return tx.exec_driver_sql("SELECT body FROM small WHERE key = ?", (key,)).scalar()


def _count(tx: Tx, keys: Sequence[str]) -> int:
    return len(tx.execute(select(_small.c.key).where(_small.c.key.in_(keys))).all())


def _delete(tx: Tx, keys: Sequence[str]) -> int:
    return tx.execute(delete(_small).where(_small.c.key.in_(keys))).rowcount


def _infos(tx: Tx) -> list[BlobInfo]:
    rows = tx.exec_driver_sql("SELECT key, length(body), stored_at FROM small ORDER BY key")
    return [BlobInfo(key, size_bytes, datetime.fromisoformat(stored_at)) for key, size_bytes, stored_at in rows]
