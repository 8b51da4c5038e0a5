"""How SQLite would answer the statements of some work: whether it would go through a whole table, or index."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from filemill.chassis.database.database import Tx


@contextmanager
def plans(tx: Tx) -> Iterator[list[str]]:
    """Collects the steps of the plan of each statement that is executed within, as `EXPLAIN QUERY PLAN` words them."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        asked.append((statement, parameters))

    found: list[str] = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    for statement, parameters in asked:
        found += [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
