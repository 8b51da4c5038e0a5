"""Reads and writes of legal holds, which are columns of the file they are on. Takes the transaction, owns none."""

from typing import Any

from sqlalchemy import RowMapping, exists, select, update

from filemill.chassis.database.database import Tx
from filemill.upload.tables import files, purges


def owner_of(tx: Tx, file_id: str) -> str | None:
    """Whose a file is, living or in the trash: for an admin, who may hold everybody's."""
    return tx.execute(select(files.c.owner_id).where(files.c.file_id == file_id)).scalar()


def find(tx: Tx, owner_id: str, file_id: str) -> RowMapping | None:
    """A file of this owner, living or in the trash."""
    query = select(files).where(files.c.file_id == file_id, files.c.owner_id == owner_id)
    return tx.execute(query).mappings().first()


def set_hold(tx: Tx, owner_id: str, file_id: str, hold: dict[str, Any] | None) -> RowMapping:
    """Place a hold, or release it with None. The caller has looked at the row in this transaction."""
    change = (
        update(files)
        .where(files.c.file_id == file_id, files.c.owner_id == owner_id)
        .values(hold=hold, hold_change=files.c.hold_change + 1)
        .returning(files)
    )
    return tx.execute(change).mappings().one()


def page(tx: Tx, owner_id: str | None, limit: int, after: str | None) -> list[RowMapping]:
    """Files under a hold, by id, after one of them. `owner_id` None: of everybody, which only an admin may ask."""
    query = select(files).where(files.c.hold.is_not(None))
    if owner_id is not None:
        query = query.where(files.c.owner_id == owner_id)
    if after is not None:
        query = query.where(files.c.file_id > after)
    return list(tx.execute(query.order_by(files.c.file_id).limit(limit)).mappings())


def purge_it_missed(tx: Tx, parent_id: str) -> str | None:
    """The purge that a child could not follow for its hold: that of the parent, or of what the parent came out of."""
    if tx.execute(select(exists().where(files.c.file_id == parent_id))).scalar():
        return None
    row = tx.execute(select(purges.c.purge_id, purges.c.part_of).where(purges.c.file_id == parent_id)).first()
    return (row[1] or row[0]) if row else None
