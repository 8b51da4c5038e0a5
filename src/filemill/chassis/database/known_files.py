"""`known_files`: what a service that works on files remembers of each, so that it can check owners and read blobs alone.

Content moves by `version`, life by `change`; an older word changes nothing.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    and_,
    false,
    insert,
    select,
    update,
)

from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import KnownFile


def known_files_table(metadata: MetaData, *more: "Column[Any] | Index") -> Table:
    """The projection of one service; `more` are columns and indexes of its own."""
    return Table(
        "known_files",
        metadata,
        Column("file_id", String(36), primary_key=True),
        Column("owner_id", String(200), nullable=False),
        Column("version", Integer, nullable=False),
        Column("storage_key", String(100), nullable=False),
        Column("change", Integer, nullable=False, server_default="0"),
        Column("deleted", Boolean, nullable=False, server_default=false()),
        *more,
    )


def known_file(row: RowMapping) -> KnownFile | None:
    """A row of the projection for whoever compares services; None if only a question or a later delete made it so far."""
    if not row["version"]:
        return None
    return KnownFile(
        row["file_id"], row["owner_id"], row["version"], row["storage_key"], row["change"],
        deleted=row["deleted"], sha256=row.get("sha256"),
    )  # fmt: skip


class KnownFiles:
    """The statements over one service's projection."""

    def __init__(self, table: Table) -> None:
        self._known = table

    def get(self, tx: Tx, file_id: str) -> RowMapping | None:
        """What is known of a file."""
        return tx.execute(select(self._known).where(self._known.c.file_id == file_id)).mappings().first()

    def living(self, tx: Tx, owner_id: str, file_id: str) -> RowMapping | None:
        """A file of this owner that is not deleted and has content."""
        row = self.get(tx, file_id)
        return row if row and row["owner_id"] == owner_id and not row["deleted"] and row["version"] else None

    def owner_of(self, tx: Tx, file_id: str) -> str | None:
        """Whose a file is that is not deleted."""
        row = self.get(tx, file_id)
        return str(row["owner_id"]) if row and not row["deleted"] else None

    def learn(self, tx: Tx, file_id: str, owner_id: str, version: int, storage_key: str, **more: Any) -> bool:
        """A version of a file; False if this one or a newer one was known."""
        values = {"version": version, "storage_key": storage_key, **more}
        row = self.get(tx, file_id)
        if row is None:
            tx.execute(insert(self._known), {"file_id": file_id, "owner_id": owner_id, **values})
            return True
        older = and_(self._known.c.file_id == file_id, self._known.c.version < version)
        return tx.execute(update(self._known).where(older).values(**values)).rowcount == 1

    def move(self, tx: Tx, file_id: str, owner_id: str, change: int, *, deleted: bool) -> bool:
        """It was deleted or restored; False if that is old news."""
        values = {"change": change, "deleted": deleted}
        if self.get(tx, file_id) is None:
            tx.execute(
                insert(self._known),
                {"file_id": file_id, "owner_id": owner_id, "version": 0, "storage_key": "", **values},
            )
            return True
        older = and_(self._known.c.file_id == file_id, self._known.c.change < change)
        return tx.execute(update(self._known).where(older).values(**values)).rowcount == 1

    def note(self, tx: Tx, file_id: str, **values: Any) -> None:
        """Write columns of the service's own."""
        tx.execute(update(self._known).where(self._known.c.file_id == file_id).values(**values))
