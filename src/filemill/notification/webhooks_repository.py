"""Rows of webhooks: the owner's own, and what the dispatcher notes about them. Takes the transaction, owns none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, insert, or_, select, update

from filemill.chassis.clock import now, unix_s
from filemill.chassis.database.database import Tx, hold
from filemill.notification.repository import PLACES
from filemill.notification.tables import deliveries, webhooks


@dataclass(frozen=True, slots=True)
class NewHook:
    """A webhook as it is made. Secrets are sealed."""

    webhook_id: str
    owner_id: str
    url: str
    host: str
    event_types: list[str]
    description: str
    enabled: bool
    secret: str


@dataclass(frozen=True, slots=True)
class Listening:
    """A webhook that may want an event."""

    webhook_id: str
    event_types: list[str]


def add(tx: Tx, new: NewHook, most: int) -> RowMapping | None:
    """Make one; None if the owner has `most` already."""
    hold(tx, f"webhooks of {new.owner_id}")
    count = select(func.count()).select_from(webhooks).where(webhooks.c.owner_id == new.owner_id)
    if tx.execute(count).scalar_one() >= most:
        return None
    moment = now()
    row = {name: getattr(new, name) for name in NewHook.__dataclass_fields__}
    tx.execute(insert(webhooks), row | {"created_at": moment, "updated_at": moment})
    return find(tx, new.owner_id, new.webhook_id)


def find(tx: Tx, owner_id: str, webhook_id: str) -> RowMapping | None:
    """One webhook of this owner."""
    query = select(webhooks).where(webhooks.c.webhook_id == webhook_id, webhooks.c.owner_id == owner_id)
    return tx.execute(query).mappings().first()


def page(tx: Tx, owner_id: str, limit: int, before: tuple[datetime, str] | None) -> list[RowMapping]:
    """Webhooks of this owner, newest first."""
    query = select(webhooks).where(webhooks.c.owner_id == owner_id)
    if before is not None:
        same = and_(webhooks.c.created_at == before[0], webhooks.c.webhook_id < before[1])
        query = query.where(or_(webhooks.c.created_at < before[0], same))
    newest = query.order_by(webhooks.c.created_at.desc(), webhooks.c.webhook_id.desc())
    return list(tx.execute(newest.limit(limit)).mappings())


def change(tx: Tx, owner_id: str, webhook_id: str, values: dict[str, Any]) -> RowMapping | None:
    """Change columns of one webhook of this owner; None if there is none."""
    mine = and_(webhooks.c.webhook_id == webhook_id, webhooks.c.owner_id == owner_id)
    changed = update(webhooks).where(mine).values(**values, updated_at=now())
    return find(tx, owner_id, webhook_id) if tx.execute(changed).rowcount else None


def rotate(tx: Tx, owner_id: str, webhook_id: str, secret: str, old_until: datetime) -> RowMapping | None:
    """A new secret; the one so far signs beside it until a moment."""
    row = find(tx, owner_id, webhook_id)
    if row is None:
        return None
    values = {"secret": secret, "old_secret": row["secret"], "old_secret_until": old_until}
    return change(tx, owner_id, webhook_id, values)


def remove(tx: Tx, owner_id: str, webhook_id: str) -> bool:
    """Delete a webhook and all about its deliveries; what is being sent finds no row to write to."""
    hold(tx, PLACES)  # an event that is just being taken in must not add a delivery of a webhook that is gone
    mine = and_(webhooks.c.webhook_id == webhook_id, webhooks.c.owner_id == owner_id)
    if not tx.execute(delete(webhooks).where(mine)).rowcount:
        return False
    tx.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
    return True


def listening(tx: Tx, owner_id: str) -> list[Listening]:
    """The enabled webhooks of an owner."""
    query = select(webhooks.c.webhook_id, webhooks.c.event_types)
    rows = tx.execute(query.where(webhooks.c.owner_id == owner_id, webhooks.c.enabled.is_(True)))
    return [Listening(*row) for row in rows]


# what the dispatcher notes


def went_well(tx: Tx, webhook_id: str) -> None:
    """A try went well: nothing of before counts any more. Said at most once a second, so that many tries do not queue."""
    moment = now()
    news = or_(
        webhooks.c.failures > 0,
        webhooks.c.last_success_at.is_(None),
        webhooks.c.last_success_at < datetime.fromtimestamp(moment.timestamp() - 1, moment.tzinfo),
    )
    values = {"failures": 0, "rests_until": 0.0, "last_success_at": moment}
    tx.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id, news).values(**values))


def failed(tx: Tx, webhook_id: str) -> tuple[int, float]:
    """A try failed; returns how many in a row that makes, and when the last went well (Unix seconds, 0: never)."""
    counted = update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(failures=webhooks.c.failures + 1)
    row = tx.execute(counted.returning(webhooks.c.failures, webhooks.c.last_success_at)).first()
    if row is None:
        return 1, 0.0
    return row[0], row[1].timestamp() if row[1] else 0.0


def rest(tx: Tx, webhook_id: str, for_s: float) -> None:
    """Send it nothing for a while."""
    until_s = unix_s() + for_s
    later = and_(webhooks.c.webhook_id == webhook_id, webhooks.c.rests_until < until_s)
    tx.execute(update(webhooks).where(later).values(rests_until=until_s))


def disable(tx: Tx, webhook_id: str, code: str, detail: str) -> str | None:
    """Call it no more, until its owner enables it; returns the owner, None if it is disabled or gone already."""
    on = and_(webhooks.c.webhook_id == webhook_id, webhooks.c.enabled.is_(True))
    values = {"enabled": False, "reason_code": code, "reason_detail": detail, "updated_at": now()}
    owner_id: str | None = tx.execute(
        update(webhooks).where(on).values(**values).returning(webhooks.c.owner_id)
    ).scalar()
    return owner_id


def secrets_after(tx: Tx, after: str, most: int) -> list[tuple[str, str, str | None]]:
    """(id, sealed secret, sealed old secret) of the webhooks after an id."""
    query = select(webhooks.c.webhook_id, webhooks.c.secret, webhooks.c.old_secret)
    rows = tx.execute(query.where(webhooks.c.webhook_id > after).order_by(webhooks.c.webhook_id).limit(most))
    return [(row[0], row[1], row[2]) for row in rows]


def reseal(tx: Tx, changed: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Put (id, sealed as it was, sealed anew, old secret sealed anew) where nobody has rotated meanwhile."""
    for webhook_id, was, secret, old_secret in changed:
        same = and_(webhooks.c.webhook_id == webhook_id, webhooks.c.secret == was)
        tx.execute(update(webhooks).where(same).values(secret=secret, old_secret=old_secret))


def forget_old_secrets(tx: Tx) -> int:
    """Erase the secrets whose overlap is over."""
    over = and_(webhooks.c.old_secret.is_not(None), webhooks.c.old_secret_until < now())
    return tx.execute(update(webhooks).where(over).values(old_secret=None, old_secret_until=None)).rowcount
