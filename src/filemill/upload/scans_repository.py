"""Reads and writes of scans that are due, and of what they decide. Takes the transaction, owns none.

A row is a version that nobody was told of yet. Whoever deletes the row tells what became of it, so that happens once, and not
at all where a purge was quicker. `holder` scans it until `held_until`; every later change names the holder.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, update

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx, insert_rows
from filemill.upload.tables import files, scans, versions

SCANNING, QUARANTINED = "scanning", "quarantined"
"""What `held` says of a version that is not served."""


def add(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """These versions wait for the scanner. `rows`: the event each is told by, and the request it came with."""
    told = ("file_id", "version", "storage_key")
    fresh = {"attempts": 0, "due_at": unix_s(), "holder": None, "held_until": 0.0}
    insert_rows(tx, scans, [{name: row["uploaded"][name] for name in told} | dict(row) | fresh for row in rows])


def claim(tx: Tx, holder: str, hold_s: float, most: int) -> list[RowMapping]:
    """Take what is due and nobody scans, the longest due first."""
    now_s = unix_s()
    due = select(scans.c.file_id, scans.c.version).where(scans.c.due_at <= now_s, scans.c.held_until < now_s)
    found = tx.execute(due.order_by(scans.c.due_at).limit(most).with_for_update(skip_locked=True)).all()
    taken = []
    for file_id, version in found:
        mine = update(scans).where(scans.c.file_id == file_id, scans.c.version == version)
        taken.append(
            tx.execute(mine.values(holder=holder, held_until=now_s + hold_s).returning(scans)).mappings().one()
        )
    return taken


def holders(tx: Tx) -> list[str]:
    """Who is at work."""
    return list(tx.execute(select(scans.c.holder).where(scans.c.holder.is_not(None)).distinct()).scalars())


def free(tx: Tx, dead: Sequence[str]) -> None:
    """These holders are gone: what they had is due for anybody."""
    tx.execute(update(scans).where(scans.c.holder.in_(dead)).values(holder=None, held_until=0.0))


def keep(tx: Tx, holder: str, hold_s: float) -> None:
    """Say again that this holder is at work."""
    tx.execute(update(scans).where(scans.c.holder == holder).values(held_until=unix_s() + hold_s))


def put_back(tx: Tx, row: RowMapping, *, tried: bool, pause_s: float = 0.0) -> None:
    """It was not decided: due again after a pause. `tried`: the scanner had it, and could not say."""
    again = {"holder": None, "held_until": 0.0, "due_at": unix_s() + pause_s}
    tx.execute(_held(row).values(attempts=scans.c.attempts + int(tried), **again))


def waiting(tx: Tx, most: int) -> int:
    """How many versions wait; counted up to `most`."""
    return tx.execute(select(func.count()).select_from(select(scans.c.file_id).limit(most).subquery())).scalar_one()


def release(tx: Tx, row: RowMapping) -> bool:
    """It is clean: served from now on. False if it is not this holder's to say, or the file is gone."""
    return _end(tx, row, None, {"status": "uploaded", "status_reason": None})


def quarantine(tx: Tx, row: RowMapping, reason: Mapping[str, Any], analysis_reason: Mapping[str, Any]) -> bool:
    """It is never served. As `release`."""
    analysis = {"analysis": "unavailable", "analysis_reason": analysis_reason}
    return _end(tx, row, QUARANTINED, {"status": "quarantined", "status_reason": reason} | analysis)


def _end(tx: Tx, row: RowMapping, held: str | None, of_file: Mapping[str, Any]) -> bool:
    mine = delete(scans).where(*_mine(row))
    if tx.execute(mine).rowcount != 1:
        return False
    at = row["file_id"], row["version"]
    tx.execute(update(versions).where(versions.c.file_id == at[0], versions.c.version == at[1]).values(held=held))
    tx.execute(update(files).where(files.c.file_id == at[0], files.c.version == at[1]).values(held=held, **of_file))
    return True


def _held(row: RowMapping) -> Any:
    return update(scans).where(*_mine(row))


def _mine(row: RowMapping) -> tuple[Any, ...]:
    return scans.c.file_id == row["file_id"], scans.c.version == row["version"], scans.c.holder == row["holder"]
