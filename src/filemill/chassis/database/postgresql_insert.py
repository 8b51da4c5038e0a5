"""Many rows in one statement: each column goes as one array, and `unnest` makes rows of them again.

One parse, one plan and one round trip however many rows there are; the statement's text depends on the columns only, so it
stays prepared. Source: PostgreSQL manual, 9.19 `unnest(anyarray, ...)`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, Dialect, Table, insert

from filemill.chassis.database.database import Tx


def insert_by_columns(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the columns of the first. Raises what the driver raises."""
    if len(rows) == 1:
        tx.execute(insert(table), [dict(rows[0])])
        return
    names = tuple(rows[0])
    statement, writers = _prepared(table, names, tx.dialect)
    arrays = [
        [row[name] if writer is None else writer(row[name]) for row in rows]
        for name, writer in zip(names, writers, strict=True)
    ]
    tx.exec_driver_sql(statement, tuple(arrays))


@lru_cache(maxsize=64)
def _prepared(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[str, Sequence[Callable[[Any], Any] | None]]:
    columns = [table.c[name] for name in names]
    places = ", ".join(f"${at}::{_array_type(column, dialect)}[]" for at, column in enumerate(columns, 1))
    values = ", ".join(
        f"c{at}::{column.type.compile(dialect)}" if isinstance(column.type, JSON) else f"c{at}"
        for at, column in enumerate(columns, 1)
    )
    quote = dialect.identifier_preparer.quote
    into = ", ".join(quote(name) for name in names)
    given = ", ".join(f"c{at}" for at in range(1, len(columns) + 1))
    statement = f"INSERT INTO {quote(table.name)} ({into}) SELECT {values} FROM unnest({places}) AS given ({given})"  # noqa: S608 - names of our tables
    writers = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    return statement, writers


def _array_type(column: "Column[Any]", dialect: Dialect) -> str:
    """JSON goes as text, which is what its bind processor makes of a value."""
    return "text" if isinstance(column.type, JSON) else column.type.compile(dialect)
