"""Rows of idempotency keys: who is at work on one, or which file it stands for. Takes the transaction, owns none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, text, update

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx
from filemill.upload.tables import idempotency


@dataclass(frozen=True, slots=True)
class Claim:
    """What an Idempotency-Key stands for: nobody's, somebody's who is at work, or a finished file."""

    holder: str | None
    held_until: float
    fingerprint: str | None
    file_id: str | None


def find(tx: Tx, owner_id: str, route: str, key: str) -> Claim | None:
    """What is known of a key."""
    row = tx.execute(
        select(idempotency.c.holder, idempotency.c.held_until, idempotency.c.fingerprint, idempotency.c.file_id).where(
            *_key(owner_id, route, key)
        )
    ).first()
    return Claim(*row) if row else None


def hold(tx: Tx, owner_id: str, route: str, key: str, holder: str, hold_s: float) -> None:
    """Say that `holder` is at work on this key. The caller has checked that nobody else is."""
    now = unix_s()
    tx.execute(
        text(
            "INSERT INTO idempotency (owner_id, route, key, holder, held_until, created_at)"
            " VALUES (:owner_id, :route, :key, :holder, :until, :now)"
            " ON CONFLICT (owner_id, route, key) DO UPDATE SET holder = :holder, held_until = :until"
        ),
        {"owner_id": owner_id, "route": route, "key": key, "holder": holder, "until": now + hold_s, "now": now},
    )


def keep(tx: Tx, holders: Sequence[str], hold_s: float) -> None:
    """Say again that these are at work."""
    change = update(idempotency).where(idempotency.c.holder.in_(holders))
    tx.execute(change.values(held_until=unix_s() + hold_s))


def finish(tx: Tx, owner_id: str, route: str, key: str, fingerprint: str, file_id: str) -> None:
    """This key stands for this file from now on."""
    change = update(idempotency).where(*_key(owner_id, route, key))
    tx.execute(change.values(holder=None, held_until=0, fingerprint=fingerprint, file_id=file_id))


def drop(tx: Tx, owner_id: str, route: str, key: str, holder: str) -> None:
    """The request failed: the key is free again, so that a retry can succeed."""
    tx.execute(delete(idempotency).where(*_key(owner_id, route, key), idempotency.c.holder == holder))


def sweep(tx: Tx, before: float, most: int) -> int:
    """Forget keys older than `before` (Unix seconds)."""
    old = select(idempotency.c.owner_id, idempotency.c.route, idempotency.c.key).where(
        idempotency.c.created_at < before
    )
    rows = tx.execute(old.limit(most)).all()
    for row in rows:
        tx.execute(delete(idempotency).where(*_key(*row)))
    return len(rows)


def _key(owner_id: str, route: str, key: str) -> tuple[Any, ...]:
    return idempotency.c.owner_id == owner_id, idempotency.c.route == route, idempotency.c.key == key
