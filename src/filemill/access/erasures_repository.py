"""Reads and writes about owners who are erased. Takes the transaction, owns none. Times are Unix seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update

from filemill.access.tables import erasure_confirmations as confirmations
from filemill.access.tables import erasures, keys, logins
from filemill.chassis.database.database import Tx


def add(tx: Tx, row: Mapping[str, Any]) -> None:
    """An owner is to be erased."""
    tx.execute(insert(erasures), dict(row))


def open_of(tx: Tx, owner_id: str) -> str | None:
    """The erasure of this owner that is at work, if there is one."""
    mine = erasures.c.owner_id == owner_id, erasures.c.stage != "done"
    return tx.execute(select(erasures.c.erasure_id).where(*mine).limit(1)).scalar()


def find(tx: Tx, erasure_id: str) -> RowMapping | None:
    """An erasure."""
    return tx.execute(select(erasures).where(erasures.c.erasure_id == erasure_id)).mappings().first()


def page(tx: Tx, limit: int, before: str | None) -> list[tuple[RowMapping, list[RowMapping]]]:
    """Erasures, newest first, after one of them; each with what the services said."""
    query = select(erasures)
    if before is not None:
        query = query.where(erasures.c.erasure_id < before)
    rows = tx.execute(query.order_by(erasures.c.erasure_id.desc()).limit(limit)).mappings().all()
    return [(row, said(tx, row["erasure_id"])) for row in rows]


def closing(tx: Tx) -> list[RowMapping]:
    """Erasures that every service has confirmed."""
    return list(tx.execute(select(erasures).where(erasures.c.stage == "closing")).mappings())


def change(tx: Tx, erasure_id: str, **values: Any) -> None:
    """Write values."""
    tx.execute(update(erasures).where(erasures.c.erasure_id == erasure_id).values(**values))


def rename_asker(tx: Tx, owner_id: str, mark: str) -> None:
    """Who had others erased is erased now."""
    tx.execute(update(erasures).where(erasures.c.asked_by == owner_id).values(asked_by=mark))


def said(tx: Tx, erasure_id: str) -> list[RowMapping]:
    """What each service said last."""
    its = select(confirmations).where(confirmations.c.erasure_id == erasure_id)
    return list(tx.execute(its.order_by(confirmations.c.service)).mappings())


def say(tx: Tx, row: Mapping[str, Any]) -> None:
    """A service said something newer."""
    its = confirmations.c.erasure_id == row["erasure_id"], confirmations.c.service == row["service"]
    tx.execute(delete(confirmations).where(*its))
    tx.execute(insert(confirmations), dict(row))


def forget_credentials(tx: Tx, owner_id: str) -> dict[str, int]:
    """No key and no login of this owner works, or is remembered, from now on; how many there were."""
    tables: Sequence[Any] = (keys, logins)
    counts = {one.name: tx.execute(delete(one).where(one.c.owner_id == owner_id)).rowcount for one in tables}
    return {name: count for name, count in counts.items() if count}
