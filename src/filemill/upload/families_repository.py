"""Rows of files that came out of others, and of families that have still to follow. Takes the transaction, owns none."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, RowMapping, and_, delete, exists, insert, select, update

from filemill.chassis.database.database import Tx, mark_commit
from filemill.upload.tables import families, files

MARK = "families"
"""The commit mark that wakes the loop."""


def add(tx: Tx, file_id: str, purge_id: str | None = None) -> None:
    """This file was moved or purged: its children have to follow. Nothing is written for a file without any."""
    if not tx.execute(select(exists().where(files.c.parent_id == file_id))).scalar():
        return
    same = families.c.file_id == file_id
    if tx.execute(select(families.c.file_id).where(same)).first() is None:
        tx.execute(insert(families), {"file_id": file_id, "purge_id": purge_id})
    elif purge_id is not None:
        tx.execute(update(families).where(same).values(purge_id=purge_id))
    mark_commit(tx, MARK)


def some(tx: Tx, most: int) -> Sequence[str]:
    """Files whose children have to follow, the oldest first."""
    return tx.execute(select(families.c.file_id).order_by(families.c.file_id).limit(most)).scalars().all()


def purge_of(tx: Tx, file_id: str) -> str | None:
    """The purge that its children follow."""
    return tx.execute(select(families.c.purge_id).where(families.c.file_id == file_id)).scalar()


def end(tx: Tx, file_id: str) -> None:
    """Every child is where its parent is."""
    tx.execute(delete(families).where(families.c.file_id == file_id))


def parent(tx: Tx, file_id: str) -> RowMapping | None:
    """A file, in the trash too; None if it was purged."""
    return tx.execute(select(files).where(files.c.file_id == file_id)).mappings().first()


def stragglers(tx: Tx, parent_id: str, parent_row: RowMapping | None, most: int) -> Sequence[RowMapping]:
    """Children that are not where their parent is, and did not go their own way: all of them if it was purged.

    What is under a legal hold goes nowhere but back from the trash.
    """
    away: ColumnElement[bool] = files.c.parent_id == parent_id
    if parent_row is not None and parent_row["deleted_at"] is not None:
        away = and_(away, files.c.deleted_at.is_(None), files.c.hold.is_(None))
    elif parent_row is not None:
        away = and_(away, files.c.deleted_at.is_not(None), files.c.trashed_with == parent_id)
    else:
        away = and_(away, files.c.hold.is_(None))
    query = select(files.c.file_id, files.c.owner_id).where(away)
    return tx.execute(query.order_by(files.c.file_id).limit(most)).mappings().all()
