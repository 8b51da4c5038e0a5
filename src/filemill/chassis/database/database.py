"""The port: a transaction is a plain function of one SQLAlchemy connection, run by `read` or `write`.

So no transaction can hold a network call, a file or an `await`, and concurrent writes can share one
commit. The function may run more than once if the engine asks for a retry: it must have no effect but in the database.
Adapters: `sqlite_database` (embedded), `postgresql_database`; chosen by `build`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Table, insert

Tx = Connection
P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

Work = Callable[Concatenate[Tx, P], T]

_COMMIT_MARK = "filemill_after_commit"
DURABLE = "filemill_durable"
"""Whether the present work came through `write`; set by the adapters."""
INSERT = "filemill_insert"
"""Where an adapter puts its way to insert many rows at once."""
HOLD = "filemill_hold"
"""Where an adapter with several writers puts its lock for `hold`."""


class Database(Protocol):
    """One service's database."""

    async def write(self, point: str, work: "Callable[Concatenate[Tx, P], T]", *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a write transaction; it is durable when this returns.

        `point` names the place for the crash harness: `<point>.in-tx` and `<point>.committed`; each call site has its own.
        An exception of `work` undoes it and is raised here. Raises `StorageFull` (a retry helps once there is room) and
        `Unavailable` (a retry helps).
        """
        ...

    async def write_each(self, point: str, work: Callable[[Tx, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """As `write` for one item; calls that come together with the same `work` are one call of it with all their items.

        `work` gives a result for each item, in their order. If it raises, each item is tried alone.
        """
        ...

    async def write_unsynced(
        self, point: str, work: "Callable[Concatenate[Tx, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write`, but a power failure may undo it: for claims, leases and marks whose loss only repeats work.

        A killed process undoes nothing of it, and it never overtakes a durable write.
        """
        ...

    async def read(self, work: "Callable[Concatenate[Tx, P], T]", *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on one consistent snapshot; it cannot write."""
        ...

    def on_commit(self, mark: str, listener: Callable[[], None]) -> None:
        """Call `listener` on the event loop after each commit in which some work called `mark_commit(tx, mark)`."""
        ...

    async def rewrite(self) -> None:
        """Write the whole database anew where it keeps its pages itself, so that nothing is left of what was deleted.

        Rows that moved within a page leave their bytes behind, and zeroing what is deleted does not find those. Writers wait
        meanwhile. A server does this in its own time (PostgreSQL: `VACUUM`). Raises `StorageFull`, `Unavailable`.
        """
        ...

    async def check(self) -> None:
        """Raise `Unavailable` if the database cannot be asked."""
        ...

    async def close(self) -> None:
        """Finish what is queued and let go of every connection."""
        ...


def hold(tx: Tx, *keys: str) -> None:
    """Say what this work is about (file ids) before it reads what it will write.

    Works about the same thing then run one after another, in every process, until they commit. An engine with a single
    writer has nothing to do. Several keys are taken in order, so two works cannot wait for each other.
    """
    take = tx.info.get(HOLD)
    if take is not None and keys:
        take(tx, sorted(set(keys)))


def insert_rows(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns, by whatever way is cheapest for many on this engine."""
    bulk = tx.info.get(INSERT)
    if bulk is not None and rows:
        bulk(tx, table, rows)
    elif rows:
        tx.execute(insert(table), list(rows))


def must_last(tx: Tx) -> None:
    """Refuse what others will learn of in a transaction that a power failure may undo: it is a fault of the caller."""
    if not tx.info.get(DURABLE, True):
        raise RuntimeError("an event was written by write_unsynced; use write")


def mark_commit(tx: Tx, mark: str) -> None:
    """Say inside a transaction that listeners of `mark` are to be called once it is committed."""
    tx.info.setdefault(_COMMIT_MARK, set()).add(mark)


def take_marks(tx: Tx) -> set[str]:
    """For adapters: the marks set on this connection since the last call."""
    marks: Any = tx.info.pop(_COMMIT_MARK, None)
    return marks or set()
