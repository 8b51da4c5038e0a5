"""A table for the tests of databases, and what they do with it."""

from sqlalchemy import text

from filemill.chassis.database.database import Tx


def create(tx: Tx) -> None:
    """Make the table, if nobody has."""
    tx.execute(text("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, number INTEGER NOT NULL)"))


def add(tx: Tx, name: str, number: int = 0) -> str:
    """Add a thing; raises if it is there."""
    tx.execute(text("INSERT INTO things VALUES (:name, :number)"), {"name": name, "number": number})
    return name


def names(tx: Tx) -> list[str]:
    """The names of all things, in their order."""
    return list(tx.execute(text("SELECT name FROM things ORDER BY name")).scalars())


def count(tx: Tx) -> int:
    """How many things there are."""
    return int(tx.execute(text("SELECT count(*) FROM things")).scalar_one())
