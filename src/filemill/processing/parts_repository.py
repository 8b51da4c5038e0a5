"""Rows of what was taken out of files. Takes the transaction, owns none.

A part's blob is named by its row while it waits, and by nobody after: whoever ends the waiting puts it among the removals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, and_, delete, insert, select, update

from filemill.chassis import process_identity
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx
from filemill.chassis.storage import removals
from filemill.processing.tables import parts

WAITING, HANDED, REFUSED, DROPPED, PURGED = "waiting", "handed", "refused", "dropped", "purged"
_PARENT_DELETED = {
    "reason_code": "parent-deleted",
    "reason_detail": "The file it was in was deleted before it became one of its own.",
}
_AGAIN = (REFUSED, DROPPED)
"""What is taken out again when somebody asks again; the others are there, or were purged on purpose."""


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part whose bytes are durable under `storage_key`; None if it was refused before it had any."""

    number: int
    path: str
    name: str
    content_type: str | None
    size: int
    sha256: str | None
    storage_key: str | None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What one job took out of a file. `left_out`: how many more there were that it did not take."""

    parts: Sequence[NewPart]
    left_out: int = 0


def keep(tx: Tx, file_id: str, owner_id: str, version: int, made: Sequence[NewPart]) -> None:
    """These wait from now on. One that is there already stays as it is; a blob that is not needed then is deleted."""
    same = and_(parts.c.file_id == file_id, parts.c.version == version)
    known = {row[0]: row[1] for row in tx.execute(select(parts.c.number, parts.c.state).where(same))}
    fresh: list[dict[str, Any]] = []
    for part in made:
        state = known.get(part.number)
        if state is not None and state not in _AGAIN:
            removals.add(tx, [part.storage_key] if part.storage_key else [])
            continue
        row = _row(part) | {"file_id": file_id, "owner_id": owner_id, "version": version}
        if state is None:
            fresh.append(row)
        else:
            tx.execute(update(parts).where(same, parts.c.number == part.number).values(row))
    if fresh:
        tx.execute(insert(parts), fresh)


def any_due(tx: Tx) -> bool:
    """Whether one waits whose time has come."""
    due = and_(parts.c.state == WAITING, parts.c.due_at <= unix_s())
    return tx.execute(select(parts.c.number).where(due).limit(1)).first() is not None


def claim(tx: Tx, hold_s: Callable[[int], float]) -> RowMapping | None:
    """The next part that is due, now in the caller's hands for so long as its size says; None if there is none."""
    due = and_(parts.c.state == WAITING, parts.c.due_at <= unix_s())
    query = select(parts.c.size, parts.c.file_id, parts.c.version, parts.c.number).where(due)
    row = tx.execute(query.order_by(parts.c.due_at).limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    mine = {"due_at": unix_s() + hold_s(row[0]), "attempts": parts.c.attempts + 1}
    mine["holder"] = process_identity.me()
    return tx.execute(update(parts).where(_is(*row[1:])).values(mine).returning(parts)).mappings().one()


def dead_holders(tx: Tx) -> list[str]:
    """Processes of this machine that are gone and had parts in their hands."""
    held = and_(parts.c.state == WAITING, parts.c.holder.is_not(None))
    holders = tx.execute(select(parts.c.holder).where(held).distinct()).scalars()
    return [holder for holder in holders if process_identity.is_dead(holder)]


def free(tx: Tx, holders: Sequence[str]) -> None:
    """What these had in their hands is due."""
    held = and_(parts.c.state == WAITING, parts.c.holder.in_(holders))
    tx.execute(update(parts).where(held).values(holder=None, due_at=unix_s()))


def put_off(tx: Tx, part: RowMapping, pause_s: float, code: str, detail: str) -> None:
    """It could not be handed over just now."""
    values = {"holder": None, "due_at": unix_s() + pause_s, "reason_code": code, "reason_detail": detail}
    tx.execute(update(parts).where(_mine(part), parts.c.state == WAITING).values(values))


def end(tx: Tx, part: RowMapping, state: str, **values: Any) -> bool:
    """It is handed over, or refused; False if somebody else ended it, or it is gone with its parent."""
    waiting = parts.c.state.in_((WAITING, DROPPED))
    values = (
        {"reason_code": None, "reason_detail": None} | values | {"state": state, "storage_key": None, "holder": None}
    )
    before = tx.execute(select(parts.c.storage_key).where(_mine(part), waiting).with_for_update()).first()
    if before is None:
        return False
    tx.execute(update(parts).where(_mine(part)).values(values))
    removals.add(tx, [before[0]] if before[0] else [])
    return True


def drop_waiting(tx: Tx, file_id: str) -> None:
    """The parent was deleted: what waits is not made."""
    waiting = and_(parts.c.file_id == file_id, parts.c.state == WAITING)
    keys = list(tx.execute(select(parts.c.storage_key).where(waiting).with_for_update()).scalars())
    values = {"state": DROPPED, "storage_key": None, "holder": None} | _PARENT_DELETED
    tx.execute(update(parts).where(waiting).values(values))
    removals.add(tx, [key for key in keys if key])


def some_missing(tx: Tx, file_id: str, version: int) -> bool:
    """Whether parts of a version were refused, or dropped since it was in the trash for a while."""
    query = select(parts.c.number).where(
        parts.c.file_id == file_id, parts.c.version == version, parts.c.state.in_(_AGAIN)
    )
    return tx.execute(query.limit(1)).first() is not None


def page(tx: Tx, file_id: str, version: int, limit: int, after: int | None) -> list[RowMapping]:
    """Parts of a version of a file whose owner was checked, in their order."""
    query = select(parts).where(parts.c.file_id == file_id, parts.c.version == version)
    if after is not None:
        query = query.where(parts.c.number > after)
    return list(tx.execute(query.order_by(parts.c.number).limit(limit)).mappings())


def named(tx: Tx, keys: Sequence[str]) -> list[str]:
    """Those of these blobs that wait to be handed over."""
    return list(tx.execute(select(parts.c.storage_key).where(parts.c.storage_key.in_(keys))).scalars())


def erase(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """Its parts go, with those blobs that wait. Where it was a part itself, only that there was one stays."""
    gone = delete(parts).where(parts.c.file_id == file_id).returning(parts.c.storage_key)
    keys = list(tx.execute(gone).scalars())
    blank = {"state": PURGED, "child_id": None, "path": "", "name": "", "content_type": None, "size": 0, "sha256": None}
    blanked = tx.execute(update(parts).where(parts.c.child_id == file_id).values(blank)).rowcount
    return len(keys) + blanked, [key for key in keys if key]


def _row(part: NewPart) -> dict[str, Any]:
    names = ("number", "path", "name", "content_type", "size", "sha256", "storage_key")
    row = {name: getattr(part, name) for name in names}
    waits = part.storage_key is not None
    reason = {"reason_code": part.code, "reason_detail": part.detail, "child_id": None}
    return row | reason | {"state": WAITING if waits else REFUSED, "attempts": 0, "holder": None, "due_at": unix_s()}


def _is(file_id: str, version: int, number: int) -> Any:
    return and_(parts.c.file_id == file_id, parts.c.version == version, parts.c.number == number)


def _mine(part: RowMapping) -> Any:
    return and_(_is(part["file_id"], part["version"], part["number"]), parts.c.attempts == part["attempts"])
