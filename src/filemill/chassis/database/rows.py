"""Walking and carrying the rows of any table, by `inventory.KeptTable`: pages in key order, batches in, a digest.

Values pass through the column types, so a time, a JSON value or a truth value is the same on every engine. The digest of a
table is the sum of the hashes of its rows: it does not depend on the order an engine sorts texts in.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, Table, func, insert, literal, select, text, tuple_

from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import KeptTable

DIGEST_RANGE = 1 << 256

Key = tuple[Any, ...]


def count(tx: Tx, kept: KeptTable) -> int:
    """How many rows are worth carrying."""
    query = select(func.count()).select_from(kept.table)
    return int(tx.execute(query if kept.worth is None else query.where(kept.worth)).scalar_one())


def is_empty(tx: Tx, kept: KeptTable) -> bool:
    """Whether the table has no row at all."""
    return tx.execute(select(literal(1)).select_from(kept.table).limit(1)).first() is None


def page(tx: Tx, kept: KeptTable, after: Key | None) -> list[RowMapping]:
    """The next `kept.batch` rows worth carrying, in the order of their keys."""
    key = list(kept.table.primary_key.columns)
    query = select(kept.table)
    if kept.worth is not None:
        query = query.where(kept.worth)
    if after is not None:
        query = query.where(behind(kept, after))
    return list(tx.execute(query.order_by(*key).limit(kept.batch)).mappings())


def behind(kept: KeptTable, after: Key) -> ColumnElement[bool]:
    """Whether a row's key comes after this one."""
    key = list(kept.table.primary_key.columns)
    reached = [literal(value, column.type) for value, column in zip(after, key, strict=True)]
    return tuple_(*key) > tuple_(*reached)


def key_of(kept: KeptTable, row: RowMapping) -> Key:
    """A row's key."""
    return tuple(row[column.name] for column in kept.table.primary_key.columns)


def of_files(tx: Tx, table: Table, file_ids: Sequence[str]) -> list[RowMapping]:
    """The rows of a table about these files."""
    return list(tx.execute(select(table).where(table.c.file_id.in_(file_ids))).mappings())


def carry(tx: Tx, kept: KeptTable, rows: Sequence[RowMapping], *, again: bool) -> int:
    """Insert rows of another database; returns how many. `again`: some may be here already, and stay as they are."""
    if again:
        here = _present(tx, kept, rows)
        rows = [row for row in rows if key_of(kept, row) not in here]
    if rows:
        tx.execute(insert(kept.table), [dict(row) | dict(kept.local) for row in rows])
    return len(rows)


def continue_numbers(tx: Tx, kept: KeptTable) -> None:
    """Rows that came with their numbers did not move the engine's own counter, where it keeps one: move it past them."""
    column = kept.table.autoincrement_column
    if column is None or not tx.dialect.supports_sequences:
        return  # SQLite counts from the largest number there is
    highest = tx.execute(select(func.max(column))).scalar()
    if highest is not None:
        name = {"table": kept.table.name, "column": column.name, "highest": highest}
        tx.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"), name)


def digest(kept: KeptTable, rows: Sequence[RowMapping]) -> int:
    """What these rows add to the digest of their table: to be summed modulo `DIGEST_RANGE`."""
    names = [column.name for column in kept.table.columns if column.name not in kept.local]
    return sum(_digest_of_row(kept.table.name, [row[name] for name in names]) for row in rows) % DIGEST_RANGE


def _digest_of_row(table: str, values: list[Any]) -> int:
    body = orjson.dumps([table, values], default=bytes.hex, option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(hashlib.sha256(body).digest(), "big")


def _present(tx: Tx, kept: KeptTable, rows: Sequence[RowMapping]) -> set[Key]:
    key = list(kept.table.primary_key.columns)
    wanted = [key_of(kept, row) for row in rows]
    return {tuple(found) for found in tx.execute(select(*key).where(tuple_(*key).in_(wanted)))}
