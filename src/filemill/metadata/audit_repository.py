"""Reads and writes of the audit trail and of the chain over it. Takes the transaction, owns none."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, func, insert, or_, select, update

from filemill.chassis import erasure, owner_erasure
from filemill.chassis.database.database import Tx, hold, mark_commit
from filemill.metadata.tables import audit, audit_seals

ADDED = "audit"
"""The mark of a commit that appended entries."""
_SEAL = "the audit trail's seals"
_SEALED = (
    update(audit)
    .where(audit.c.entry_id == bindparam("entry"))
    .values(seq=bindparam("at_seq"), personal=bindparam("its_personal"), leaf=bindparam("its_leaf"))
)


@dataclass(frozen=True, slots=True)
class Batch:
    """A seal with the entries that claim to be under it, which of their files were purged, which names are marks."""

    seal: RowMapping
    entries: Sequence[RowMapping]
    purged: frozenset[str]
    marks: frozenset[str]


def add(tx: Tx, entry: dict[str, Any]) -> None:
    """Append an entry. It is sealed a second later."""
    tx.execute(insert(audit), entry | {"salt": secrets.token_hex(16)})
    mark_commit(tx, ADDED)


def audit_page(
    tx: Tx, owner_id: str, file_id: str, limit: int, before: tuple[datetime, int] | None
) -> list[RowMapping]:
    """Entries about a file, newest first by when it happened, whenever the news of it came."""
    query = select(audit).where(audit.c.file_id == file_id, audit.c.owner_id == owner_id)
    if before is not None:
        at, entry_id = before
        query = query.where(or_(audit.c.at < at, and_(audit.c.at == at, audit.c.entry_id < entry_id)))
    return list(tx.execute(query.order_by(audit.c.at.desc(), audit.c.entry_id.desc()).limit(limit)).mappings())


def alone(tx: Tx) -> None:
    """Seals are made one after another, in whatever instance."""
    hold(tx, _SEAL)


def newest_seal(tx: Tx) -> RowMapping | None:
    """The seal made last."""
    return tx.execute(select(audit_seals).order_by(audit_seals.c.seal_id.desc()).limit(1)).mappings().first()


def unsealed(tx: Tx, most: int) -> list[RowMapping]:
    """Entries that are under no seal, in the order they were written."""
    query = select(audit).where(audit.c.seq.is_(None)).order_by(audit.c.entry_id).limit(most)
    return list(tx.execute(query).mappings())


def add_seal(tx: Tx, seal: dict[str, Any], sealed: list[dict[str, Any]]) -> None:
    """Keep a seal, and give its entries their places (`entry`, `at_seq`, `its_personal`, `its_leaf`)."""
    tx.execute(_SEALED, sealed)
    tx.execute(insert(audit_seals), seal)


def batches(tx: Tx, after: int, most: int) -> list[Batch]:
    """The next seals after one, each with its entries."""
    seals = tx.execute(
        select(audit_seals).where(audit_seals.c.seal_id > after).order_by(audit_seals.c.seal_id).limit(most)
    ).mappings()
    return [_batch(tx, seal) for seal in seals]


def sealed_beyond(tx: Tx, last_seq: int) -> int:
    """How many entries claim places that no seal covers."""
    return tx.execute(select(func.count()).select_from(audit).where(audit.c.seq > last_seq)).scalar_one()


def unsealed_before(tx: Tx, moment: datetime) -> int:
    """How many entries older than a moment no seal covers."""
    query = select(func.count()).select_from(audit).where(audit.c.seq.is_(None), audit.c.at < moment)
    return tx.execute(query).scalar_one()


def _batch(tx: Tx, seal: RowMapping) -> Batch:
    within = audit.c.seq.between(seal["first_seq"], seal["last_seq"])
    entries = tx.execute(select(audit).where(within).order_by(audit.c.seq)).mappings().all()
    erased = {entry["file_id"] for entry in entries if entry["salt"] is None}
    named = {entry[name] for entry in entries for name in ("owner_id", "actor")}
    marks = frozenset(one for one in named if owner_erasure.is_mark_of_erased(tx, one))
    return Batch(seal, entries, frozenset(one for one in erased if erasure.is_purged(tx, one)), marks)
