"""Rows of files whose bytes still lie in a spool. Takes the transaction, owns none."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update

from filemill.chassis.database.database import Tx
from filemill.upload.tables import files, spooled


def add(tx: Tx, values: Mapping[str, Any]) -> None:
    """This file's bytes lie in a spool."""
    tx.execute(insert(spooled), values)


def lying_in(tx: Tx, spool_id: str, after: str, most: int) -> list[RowMapping]:
    """What lies in one spool, oldest first, after a file id."""
    mine = select(spooled).where(spooled.c.spool_id == spool_id, spooled.c.file_id > after)
    return list(tx.execute(mine.order_by(spooled.c.file_id).limit(most)).mappings())


def needed(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Those of these keys that a row still needs in a spool."""
    return set(tx.execute(select(spooled.c.storage_key).where(spooled.c.storage_key.in_(keys))).scalars())


def end(tx: Tx, file_id: str, status: str, reason: Mapping[str, Any] | None = None) -> bool:
    """It left the spool, for the store or for good; False if somebody else was first."""
    if not tx.execute(delete(spooled).where(spooled.c.file_id == file_id)).rowcount:
        return False
    queued = update(files).where(files.c.file_id == file_id, files.c.status == "queued")
    tx.execute(queued.values(status=status, status_reason=reason))
    return True
