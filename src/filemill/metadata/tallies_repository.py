"""The counts that analytics are made of: changes are appended, then folded into sums. Takes the transaction, owns none.

A change is only ever inserted, so two instances that count the same thing never wait for each other; who reads adds sums and
changes. Numbers only: no row names a file.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    union,
    union_all,
)

from filemill.chassis.database.database import Tx, hold, insert_rows, mark_commit
from filemill.metadata.tables import tallies, tally_changes

CHANGED = "tallies"
"""The mark of a commit that changed a count."""
_FOLDING = "the folding of tallies"
_PLUS = text(
    "INSERT INTO tallies (owner_id, kind, day, name, files, bytes) VALUES (:owner_id, :kind, :day, :name, :files, :bytes)"
    " ON CONFLICT (owner_id, kind, day, name) DO UPDATE"
    " SET files = tallies.files + excluded.files, bytes = tallies.bytes + excluded.bytes"
).bindparams(bindparam("bytes", type_=BigInteger))


@dataclass(frozen=True, slots=True)
class Tally:
    """One thing that is counted on one day (days since 1970, UTC): `files` of them, `bytes` in them."""

    kind: str
    day: int
    name: str = ""


Counts = Mapping[Tally, tuple[int, int]]


def change(tx: Tx, owner_id: str, counts: Counts) -> None:
    """Count more, or less."""
    rows = [
        {"owner_id": owner_id, "kind": one.kind, "day": one.day, "name": one.name, "files": files, "bytes": size}
        for one, (files, size) in counts.items()
        if files or size
    ]
    if rows:
        insert_rows(tx, tally_changes, rows)
        mark_commit(tx, CHANGED)


def forget_owner(tx: Tx, owner_id: str, _mark: str) -> int:
    """The counts of an owner who is erased: they would still say which types and tags there were."""
    hold(tx, _FOLDING)
    return tx.execute(delete(tallies).where(tallies.c.owner_id == owner_id)).rowcount


def fold_some(tx: Tx, most: int) -> int:
    """Add the oldest changes to the sums; returns how many those were."""
    hold(tx, _FOLDING)
    oldest = select(tally_changes.c.change_id).order_by(tally_changes.c.change_id).limit(most)
    taken = tx.execute(
        delete(tally_changes).where(tally_changes.c.change_id.in_(oldest)).returning(tally_changes)
    ).all()
    files: Counter[tuple[Any, ...]] = Counter()
    sizes: Counter[tuple[Any, ...]] = Counter()
    for row in taken:
        key = (row.owner_id, row.kind, row.day, row.name)
        files[key] += row.files
        sizes[key] += row.bytes
    for key in sorted(files):
        if files[key] or sizes[key]:
            named = dict(zip(("owner_id", "kind", "day", "name"), key, strict=True))
            tx.execute(_PLUS, named | {"files": files[key], "bytes": sizes[key]})
    if taken:
        tx.execute(delete(tallies).where(tallies.c.files == 0, tallies.c.bytes == 0))
    return len(taken)


def sums(
    tx: Tx, owner_id: str, kinds: Iterable[str], days: tuple[int, int], *, by_day: bool = False, most: int | None = None
) -> list[tuple[str, int, str, int, int]]:
    """(kind, day, name, files, bytes) from the first day to the last, those with most files first; day 0 without `by_day`."""
    wanted = list(kinds)
    parts = [
        select(table.c.kind, table.c.day, table.c.name, table.c.files, table.c.bytes).where(
            table.c.owner_id == owner_id, table.c.kind.in_(wanted), table.c.day.between(*days)
        )
        for table in (tallies, tally_changes)
    ]
    every = union_all(*parts).subquery()
    day = every.c.day if by_day else literal_column("0").label("day")
    files, size = func.sum(every.c.files).label("files"), func.sum(every.c.bytes).label("bytes")
    grouped = [every.c.kind, every.c.name, *([every.c.day] if by_day else [])]
    query = select(every.c.kind, day, every.c.name, files, size).group_by(*grouped)
    query = query.having((files != 0) | (size != 0)).order_by(files.desc(), every.c.name).limit(most)
    return [(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in tx.execute(query)]


def kinds_like(tx: Tx, owner_id: str, prefixes: Iterable[str], days: tuple[int, int]) -> list[str]:
    """The kinds that begin so and were counted on these days."""
    parts = [
        select(table.c.kind).where(
            table.c.owner_id == owner_id,
            or_(*[table.c.kind.startswith(prefix, autoescape=True) for prefix in prefixes]),
            table.c.day.between(*days),
        )
        for table in (tallies, tally_changes)
    ]
    return sorted(tx.execute(union(*parts)).scalars())


def owner_sums(
    tx: Tx, kinds: Iterable[str], days: tuple[int, int], most: int
) -> list[tuple[str, dict[str, tuple[int, int]]]]:
    """Of each owner (files, bytes) by kind, for an admin; those with most bytes of the first kind come first."""
    wanted = list(kinds)
    parts = [
        select(table.c.owner_id, table.c.kind, table.c.files, table.c.bytes).where(
            table.c.kind.in_(wanted), table.c.day.between(*days)
        )
        for table in (tallies, tally_changes)
    ]
    every = union_all(*parts).subquery()
    of_first = case((every.c.kind == wanted[0], every.c.bytes), else_=0)
    owners = select(every.c.owner_id).group_by(every.c.owner_id).having(func.sum(every.c.files) != 0)
    first = tx.execute(owners.order_by(func.sum(of_first).desc(), every.c.owner_id).limit(most)).scalars().all()
    found: dict[str, dict[str, tuple[int, int]]] = {owner_id: {} for owner_id in first}
    summed = select(every.c.owner_id, every.c.kind, func.sum(every.c.files), func.sum(every.c.bytes))
    summed = summed.where(every.c.owner_id.in_(first)).group_by(every.c.owner_id, every.c.kind)
    for owner_id, kind, files, size in tx.execute(summed):
        found[owner_id][kind] = (int(files), int(size))
    return list(found.items())


def has_any(tx: Tx, kind: str) -> bool:
    """Whether anything of a kind was ever counted."""
    tables = (tallies, tally_changes)
    return any(tx.execute(select(table.c.kind).where(table.c.kind == kind).limit(1)).first() for table in tables)


def alone(tx: Tx) -> None:
    """Nothing is counted, by nobody, until this commits: what is counted meanwhile would be in neither count."""
    hold(tx, _FOLDING)
    if tx.dialect.name == "postgresql":  # SQLite has one writer
        tx.exec_driver_sql("LOCK TABLE tally_changes IN EXCLUSIVE MODE")


def replace(tx: Tx, kinds: Iterable[str], counted: Iterable[tuple[str, Counts]]) -> None:
    """Forget all sums and changes of these kinds, and keep these instead. Only after `alone`."""
    for table in (tally_changes, tallies):
        tx.execute(delete(table).where(table.c.kind.in_(list(kinds))))
    for owner_id, counts in counted:
        rows = [
            {"owner_id": owner_id, "kind": one.kind, "day": one.day, "name": one.name, "files": files, "bytes": size}
            for one, (files, size) in counts.items()
        ]
        if rows:
            tx.execute(insert(tallies), rows)
