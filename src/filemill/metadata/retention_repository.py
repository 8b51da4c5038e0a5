"""Reads and writes of retention rules, and of what rules note on documents. Takes the transaction, owns none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update

from filemill.chassis.database.database import Tx
from filemill.chassis.database.keys import one_of
from filemill.metadata.tables import documents, rules


def rules_of(tx: Tx, owner_id: str) -> list[RowMapping]:
    """All of an owner's, by name; their number is bounded."""
    return list(tx.execute(select(rules).where(rules.c.owner_id == owner_id).order_by(rules.c.name)).mappings())


def find(tx: Tx, owner_id: str, rule_id: str) -> RowMapping | None:
    """One rule of this owner."""
    query = select(rules).where(rules.c.rule_id == rule_id, rules.c.owner_id == owner_id)
    return tx.execute(query).mappings().first()


def count(tx: Tx, owner_id: str) -> int:
    """How many an owner has."""
    return tx.execute(select(func.count()).select_from(rules).where(rules.c.owner_id == owner_id)).scalar_one()


def is_taken(tx: Tx, owner_id: str, name: str, but: str) -> bool:
    """Whether another rule than `but` has this name."""
    query = select(rules.c.rule_id).where(rules.c.owner_id == owner_id, rules.c.name == name, rules.c.rule_id != but)
    return tx.execute(query).first() is not None


def add(tx: Tx, values: dict[str, Any]) -> None:
    """A new rule."""
    tx.execute(insert(rules), values)


def change(tx: Tx, owner_id: str, rule_id: str, values: dict[str, Any]) -> RowMapping:
    """Write values; returns the rule as it is now. The caller has found it in this transaction."""
    mine = rules.c.rule_id == rule_id, rules.c.owner_id == owner_id
    return tx.execute(update(rules).where(*mine).values(**values).returning(rules)).mappings().one()


def remove(tx: Tx, owner_id: str, rule_id: str) -> None:
    """It acts no more."""
    tx.execute(delete(rules).where(rules.c.rule_id == rule_id, rules.c.owner_id == owner_id))


# the loop's view


def waiting(tx: Tx, at: datetime, most: int) -> list[str]:
    """Rules of everybody that are to be held against files now, the longest waiting first."""
    query = select(rules.c.rule_id).where(rules.c.active.is_(True), rules.c.acts_from <= at, rules.c.next_run_at <= at)
    return list(tx.execute(query.order_by(rules.c.next_run_at, rules.c.rule_id).limit(most)).scalars())


def claim(tx: Tx, rule_id: str, at: datetime, until: datetime) -> RowMapping | None:
    """Take a rule until then; None if somebody else has, or it is gone."""
    free = rules.c.rule_id == rule_id, rules.c.active.is_(True), rules.c.next_run_at <= at
    return tx.execute(update(rules).where(*free).values(next_run_at=until).returning(rules)).mappings().first()


def stands(tx: Tx, rule: RowMapping) -> bool:
    """Whether a rule is what it was when it was claimed."""
    same = rules.c.rule_id == rule["rule_id"], rules.c.updated_at == rule["updated_at"], rules.c.active.is_(True)
    return tx.execute(select(rules.c.rule_id).where(*same)).first() is not None


def advance(tx: Tx, rule: RowMapping, values: dict[str, Any]) -> None:
    """Note how far it came, unless it was changed meanwhile and begins anew."""
    same = rules.c.rule_id == rule["rule_id"], rules.c.updated_at == rule["updated_at"]
    tx.execute(update(rules).where(*same).values(**values))


def note_asked(tx: Tx, doc_ids: Sequence[int], at: datetime) -> None:
    """Upload was asked to delete these."""
    tx.execute(update(documents).where(one_of(documents.c.doc_id, doc_ids)).values(rule_asked_at=at))
