"""Rows of deliveries: queued with the event that made them, leased with a fence (`claims_repository`), settled, kept a while.

The same idea as `chassis.jobs`, whose rows are about a file; here the question of who is next is another one.
Takes the transaction, owns none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, insert, literal_column, or_, select, update

from filemill.chassis import process_identity
from filemill.chassis.clock import now, unix_s
from filemill.chassis.database.database import Tx, hold, mark_commit
from filemill.chassis.ids import new_id
from filemill.notification.tables import deliveries

MARK = "webhooks"
"""What a commit with something due says."""
LEASE_S = 60.0
"""Longer than a try may take by far: a holder that is late has hung."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """An event for a webhook."""

    webhook_id: str
    owner_id: str
    event_id: str
    type: str
    file_id: str
    body: bytes
    cause: str = "event"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try; `status_code` None: no answer."""

    status_code: int | None
    duration_ms: float
    answer: str | None
    error: str | None
    asked_s: float | None = None

    @property
    def went_well(self) -> bool:
        """Whether the receiver took it: any 2xx (Standard Webhooks)."""
        return self.error is None


def is_(state: str, table: Any = deliveries) -> Any:
    """The state as a literal: neither engine uses an index of some states only for a value it learns later."""
    return table.c.state == literal_column(f"'{state}'")


def add(tx: Tx, news: Sequence[NewDelivery]) -> list[str]:
    """Queue deliveries, due at once; returns their ids."""
    if not news:
        return []
    moment, at_s = now(), unix_s()
    rows = [
        {name: getattr(one, name) for name in NewDelivery.__dataclass_fields__}
        | {"delivery_id": new_id(), "state": "queued", "due_at": at_s, "moved_at": at_s, "created_at": moment}
        for one in news
    ]
    tx.execute(insert(deliveries), rows)
    mark_commit(tx, MARK)
    return [str(row["delivery_id"]) for row in rows]


def begin_test(tx: Tx, new: NewDelivery, holder: str) -> str | None:
    """A delivery that is in hand from its beginning: it has one try. None if one of this webhook is being sent."""
    hold(tx, new.webhook_id)
    busy = and_(deliveries.c.webhook_id == new.webhook_id, is_("running"), deliveries.c.cause == "test")
    if tx.execute(select(deliveries.c.delivery_id).where(busy).limit(1)).first() is not None:
        return None
    at_s = unix_s()
    lease = {"state": "running", "attempts": 1, "fence": 1, "lease_holder": holder, "lease_until": at_s + LEASE_S}
    row = {name: getattr(new, name) for name in NewDelivery.__dataclass_fields__} | lease
    delivery_id = new_id()
    tx.execute(
        insert(deliveries), row | {"delivery_id": delivery_id, "due_at": at_s, "moved_at": at_s, "created_at": now()}
    )
    return delivery_id


def settle(tx: Tx, delivery_id: str, fence: int, outcome: Outcome, state: str, due_in_s: float = 0.0) -> bool:
    """Write what came of a try; False if the claim is not in force any more, and then nothing may be written about it."""
    at_s = unix_s()
    mine = and_(deliveries.c.delivery_id == delivery_id, is_("running"), deliveries.c.fence == fence)
    values: dict[str, Any] = {
        "state": state,
        "status_code": outcome.status_code,
        "duration_ms": outcome.duration_ms,
        "answer": outcome.answer,
        "error": outcome.error,
        "due_at": at_s + due_in_s,
        "moved_at": at_s,
        "lease_holder": None,
        "finished_at": None if state == "queued" else now(),
    }
    return tx.execute(update(deliveries).where(mine).values(**values)).rowcount == 1


def abandoned(tx: Tx) -> list[str]:
    """What is in the hands of the dead: its lease is over, or they ended on this machine."""
    query = select(deliveries.c.delivery_id, deliveries.c.lease_holder, deliveries.c.lease_until).where(is_("running"))
    over_s = unix_s()
    return [row[0] for row in tx.execute(query) if row[2] < over_s or process_identity.is_dead(row[1] or "")]


def free_abandoned(tx: Tx) -> int:
    """Queue it again; a test has one try, and had it."""
    over_s = unix_s()
    dead = abandoned(tx)
    if dead:
        theirs = and_(deliveries.c.delivery_id.in_(dead), is_("running"))
        freed = {"lease_holder": None, "fence": deliveries.c.fence + 1, "moved_at": over_s}
        lost = {"state": "failed", "error": "we stopped while it was being sent", "finished_at": now()}
        tx.execute(update(deliveries).where(theirs, deliveries.c.cause == "test").values(**freed, **lost))
        tx.execute(update(deliveries).where(theirs).values(**freed, state="queued", due_at=over_s))
        mark_commit(tx, MARK)
    return len(dead)


def too_far_behind(tx: Tx, most: int) -> list[str]:
    """Webhooks with more than `most` deliveries queued."""
    query = select(deliveries.c.webhook_id).where(is_("queued")).group_by(deliveries.c.webhook_id)
    return list(tx.execute(query.having(func.count() > most)).scalars())


def sweep(tx: Tx, before_s: float, most: int = 1000) -> int:
    """Forget deliveries that have not moved since a moment, at most `most`; returns how many."""
    old = select(deliveries.c.delivery_id).where(deliveries.c.moved_at < before_s)
    some = old.order_by(deliveries.c.moved_at).limit(most)
    return tx.execute(delete(deliveries).where(deliveries.c.delivery_id.in_(some))).rowcount


# for people


def find(tx: Tx, owner_id: str, delivery_id: str) -> RowMapping | None:
    """One delivery of this owner."""
    query = select(deliveries).where(deliveries.c.delivery_id == delivery_id, deliveries.c.owner_id == owner_id)
    return tx.execute(query).mappings().first()


def page(
    tx: Tx, owner_id: str, webhook_id: str, state: str | None, limit: int, before: tuple[datetime, str] | None
) -> list[RowMapping]:
    """Deliveries of a webhook of this owner, newest first."""
    query = select(deliveries).where(deliveries.c.webhook_id == webhook_id, deliveries.c.owner_id == owner_id)
    if state is not None:
        query = query.where(is_(state))
    if before is not None:
        same = and_(deliveries.c.created_at == before[0], deliveries.c.delivery_id < before[1])
        query = query.where(or_(deliveries.c.created_at < before[0], same))
    newest = query.order_by(deliveries.c.created_at.desc(), deliveries.c.delivery_id.desc())
    return list(tx.execute(newest.limit(limit)).mappings())


def replay(tx: Tx, owner_id: str, delivery_id: str) -> RowMapping | None:
    """Send one again with fresh tries, or at once if it waits for its next; None if there is none. In flight: left alone."""
    mine = and_(deliveries.c.delivery_id == delivery_id, deliveries.c.owner_id == owner_id)
    at_s = unix_s()
    tx.execute(update(deliveries).where(mine, is_("queued")).values(due_at=at_s))
    _again(tx, and_(mine, or_(is_("done"), is_("failed"))), at_s)
    mark_commit(tx, MARK)
    return find(tx, owner_id, delivery_id)


def replay_failed(tx: Tx, owner_id: str, webhook_id: str, since_s: float, most: int) -> int:
    """Send again, with fresh tries, what failed since a moment, the oldest first, at most `most`; returns how many."""
    failed = and_(deliveries.c.webhook_id == webhook_id, deliveries.c.owner_id == owner_id, is_("failed"))
    oldest = select(deliveries.c.delivery_id).where(failed, deliveries.c.moved_at >= since_s)
    some = oldest.order_by(deliveries.c.moved_at).limit(most)
    count = _again(tx, and_(deliveries.c.delivery_id.in_(some), is_("failed")), unix_s())
    mark_commit(tx, MARK)
    return count


def _again(tx: Tx, which: Any, at_s: float) -> int:
    """A replay keeps the row, and with it the id and body of the event. Created anew it would be another `webhook-id`."""
    fresh = {"state": "queued", "attempts": 0, "due_at": at_s, "moved_at": at_s, "cause": "replay", "finished_at": None}
    return tx.execute(update(deliveries).where(which, deliveries.c.cause != "test").values(**fresh)).rowcount
