"""Rows by a statement that is put together once for a table and its columns: to build it anew costs more than to run it."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table

from filemill.chassis.database.database import Tx


def insert_prepared(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the columns of the first. Raises what the driver raises."""
    names = tuple(rows[0])
    statement, writers = _prepared(table, names, tx.dialect)
    tx.exec_driver_sql(
        statement,
        [
            tuple(
                row[name] if writer is None else writer(row[name]) for name, writer in zip(names, writers, strict=True)
            )
            for row in rows
        ],
    )


@lru_cache(maxsize=64)
def _prepared(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[str, Sequence[Callable[[Any], Any] | None]]:
    quote = dialect.identifier_preparer.quote
    into, places = ", ".join(quote(name) for name in names), ", ".join("?" * len(names))
    statement = f"INSERT INTO {quote(table.name)} ({into}) VALUES ({places})"  # noqa: S608 - names of our tables
    return statement, [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
