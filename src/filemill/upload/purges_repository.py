"""Rows of purges: who asked for one, and which services have confirmed it. Takes the transaction, owns none."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, or_, select, update

from filemill.chassis.database.database import Tx
from filemill.upload.tables import families, files, purge_confirmations, purges


def to_purge(tx: Tx, owner_id: str, file_id: str) -> RowMapping | None:
    """A file of this owner, living or in the trash."""
    query = select(files).where(files.c.file_id == file_id, files.c.owner_id == owner_id)
    return tx.execute(query).mappings().first()


def add(
    tx: Tx, purge_id: str, file_id: str, owner_id: str, cause: str, asked_at: datetime, part_of: str | None = None
) -> None:
    """Somebody, the end of the trash's time, or the purge of the parent (`part_of`) asked for this."""
    row = {"purge_id": purge_id, "file_id": file_id, "owner_id": owner_id, "cause": cause, "asked_at": asked_at}
    tx.execute(insert(purges), row | {"part_of": part_of})


def find(tx: Tx, owner_id: str, purge_id: str) -> tuple[RowMapping | Mapping[str, Any], list[RowMapping]] | None:
    """A purge of this owner with what the services have confirmed; not done while a child's is not."""
    mine = select(purges).where(purges.c.purge_id == purge_id, purges.c.owner_id == owner_id)
    row = tx.execute(mine).mappings().first()
    if row is None:
        return None
    said = select(purge_confirmations).where(purge_confirmations.c.purge_id == purge_id)
    children = select(purges.c.purge_id).where(purges.c.part_of == purge_id, purges.c.done_at.is_(None)).limit(1)
    waiting = select(families.c.file_id).where(families.c.purge_id == purge_id).limit(1)
    # A child under a legal hold stays behind, and the purge of what it came out of is not done until it has followed.
    its_own = select(purges.c.file_id).where(or_(purges.c.purge_id == purge_id, purges.c.part_of == purge_id))
    left = select(files.c.file_id).where(files.c.parent_id.in_(its_own)).limit(1)
    shown: RowMapping | Mapping[str, Any] = row
    if any(tx.execute(query).first() for query in (children, waiting, left)):
        shown = dict(row) | {"done_at": None}
    return shown, list(tx.execute(said.order_by(purge_confirmations.c.service)).mappings())


def confirm(
    tx: Tx, purge_id: str, service: str, removed: Mapping[str, int], at: datetime, services: Sequence[str]
) -> None:
    """A service has nothing left; the purge is done when all of `services` have said so. The caller holds the file."""
    said = purge_confirmations.c.purge_id == purge_id
    known = set(tx.execute(select(purge_confirmations.c.service).where(said)).scalars())
    if service not in known:
        row = {"purge_id": purge_id, "service": service, "removed": removed, "confirmed_at": at}
        tx.execute(insert(purge_confirmations), row)
    if known | {service} >= set(services):
        tx.execute(update(purges).where(purges.c.purge_id == purge_id, purges.c.done_at.is_(None)).values(done_at=at))
