"""Reads and writes of saved searches. Takes the transaction, owns none."""

from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select

from filemill.chassis.database.database import Tx
from filemill.metadata.tables import saved_searches


def searches_of(tx: Tx, owner_id: str) -> list[RowMapping]:
    """All of an owner's, by name; their number is bounded."""
    query = select(saved_searches).where(saved_searches.c.owner_id == owner_id)
    return list(tx.execute(query.order_by(saved_searches.c.name)).mappings())


def find(tx: Tx, owner_id: str, name: str) -> RowMapping | None:
    """One of this owner's by its name."""
    query = select(saved_searches).where(saved_searches.c.owner_id == owner_id, saved_searches.c.name == name)
    return tx.execute(query).mappings().first()


def count(tx: Tx, owner_id: str) -> int:
    """How many an owner has."""
    mine = select(func.count()).select_from(saved_searches).where(saved_searches.c.owner_id == owner_id)
    return tx.execute(mine).scalar_one()


def add(tx: Tx, values: dict[str, Any]) -> None:
    """A new one."""
    tx.execute(insert(saved_searches), values)


def remove(tx: Tx, owner_id: str, search_id: str) -> bool:
    """False if this owner has none with this id."""
    mine = saved_searches.c.search_id == search_id, saved_searches.c.owner_id == owner_id
    return tx.execute(delete(saved_searches).where(*mine)).rowcount == 1
