"""Reads and writes of links that can be taken back. Takes the transaction, owns none.

Every query takes the owner, but for opening and housekeeping.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, insert, select, update

from filemill.chassis.database.database import Tx
from filemill.upload.tables import shares

REMEMBERED_DAYS = 30
"""Of a link that has expired, so that its owner still sees how often it was opened."""


def add(tx: Tx, row: Mapping[str, Any]) -> None:
    """A new link."""
    tx.execute(insert(shares), dict(row))


def living(tx: Tx, file_id: str, now: datetime) -> int:
    """How many links to a file work."""
    works = shares.c.file_id == file_id, shares.c.revoked_at.is_(None), shares.c.expires_at > now
    return tx.execute(select(func.count()).select_from(shares).where(*works)).scalar_one()


def drop_ended(tx: Tx, file_id: str, now: datetime, keep: int) -> None:
    """Forget the links to a file that work no more, but for the newest `keep`."""
    ended = and_(shares.c.file_id == file_id, (shares.c.revoked_at.is_not(None)) | (shares.c.expires_at <= now))
    old = select(shares.c.share_id).where(ended).order_by(shares.c.share_id.desc()).offset(keep)
    for share_id in tx.execute(old.limit(1000)).scalars().all():
        tx.execute(delete(shares).where(shares.c.share_id == share_id))


def sweep(tx: Tx, before: datetime, most: int) -> int:
    """Forget links that expired before a moment, at most `most`; returns how many."""
    old = select(shares.c.share_id).where(shares.c.expires_at < before).order_by(shares.c.expires_at).limit(most)
    return tx.execute(delete(shares).where(shares.c.share_id.in_(old))).rowcount


def page(tx: Tx, owner_id: str, file_id: str, limit: int, before: str | None) -> list[RowMapping]:
    """The links to a file of this owner, newest first, after one of them."""
    query = select(shares).where(shares.c.file_id == file_id, shares.c.owner_id == owner_id)
    if before is not None:
        query = query.where(shares.c.share_id < before)
    return list(tx.execute(query.order_by(shares.c.share_id.desc()).limit(limit)).mappings())


def revoke(tx: Tx, owner_id: str, file_id: str, share_id: str, at: datetime) -> RowMapping | None:
    """Take a link of this owner back; one that was taken back stays as it is. None if there is none such."""
    its = shares.c.share_id == share_id, shares.c.file_id == file_id, shares.c.owner_id == owner_id
    ended = update(shares).where(*its).values(revoked_at=func.coalesce(shares.c.revoked_at, at))
    return tx.execute(ended.returning(shares)).mappings().first()


def find(tx: Tx, share_id: str) -> RowMapping | None:
    """A link, whoever owns it: only to compare its secret."""
    return tx.execute(select(shares).where(shares.c.share_id == share_id)).mappings().first()


def count_opens(tx: Tx, share_id: str, opens: int, last_at: datetime) -> None:
    """It was opened so many times more."""
    its = update(shares).where(shares.c.share_id == share_id)
    tx.execute(its.values(opens=shares.c.opens + opens, last_opened_at=last_at))
