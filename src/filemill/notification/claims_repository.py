"""Which deliveries are next: no webhook, host or owner may hold the others up, and one that fails gets a try at a time.

Its cost does not grow with the queues (an index is walked from webhook to webhook). Claims of all instances run one after
another, so that their limits are those of the installation. Takes the transaction, owns none.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, and_, exists, func, select, update

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx, hold
from filemill.notification.deliveries_repository import LEASE_S, is_
from filemill.notification.tables import deliveries, webhooks

LOOKED_AT_MOST = 2_000
"""Webhooks with something due that one claim looks at."""
_CLAIM = "notification.webhooks.claim"
_OF_WEBHOOK = ("url", "host", "secret", "old_secret", "old_secret_until")
_BOTH = deliveries.join(webhooks, webhooks.c.webhook_id == deliveries.c.webhook_id)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tries may run at once: in this claim, of one host, webhook, owner (over all instances)."""

    most: int
    per_host: int
    per_webhook: int
    per_owner: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in hand, with what is known of its webhook. Every write about it carries `fence`."""

    delivery_id: str
    webhook_id: str
    owner_id: str
    event_id: str
    body: bytes
    cause: str
    attempts: int
    fence: int
    url: str
    host: str
    secret: str
    old_secret: str | None
    old_secret_until: datetime | None


def is_due(tx: Tx) -> bool:
    """Whether anything may be sent now. Ends at the first it finds, and at once where nothing is due."""
    at_s = unix_s()
    due = and_(is_("queued"), deliveries.c.due_at <= at_s)
    if tx.execute(select(deliveries.c.delivery_id).where(due).limit(1)).first() is None:
        return False
    theirs = exists().where(due, deliveries.c.webhook_id == webhooks.c.webhook_id)
    ready = select(webhooks.c.webhook_id).where(_may_be_called(at_s), theirs)
    return tx.execute(ready.limit(1)).first() is not None


def claim(tx: Tx, holder: str, limits: Limits) -> list[Claimed]:
    """What is to be sent next, now leased: webhooks with the least in hand first, then the longest waiting."""
    hold(tx, _CLAIM)  # limits over all instances: two that claim at once would each see room
    hooks, hosts, owners = _running(tx)
    taken: list[str] = []
    waiting = sorted(_waiting(tx, LOOKED_AT_MOST), key=lambda one: (hooks[one["webhook_id"]], one["due_at"]))
    for hook in waiting:
        room = min(
            limits.most - len(taken),
            limits.per_host - hosts[hook["host"]],
            limits.per_owner - owners[hook["owner_id"]],
            (1 if hook["failures"] else limits.per_webhook) - hooks[hook["webhook_id"]],
        )
        if room <= 0:
            continue
        due = _oldest_due(tx, hook["webhook_id"], room)
        taken += due
        hosts[hook["host"]] += len(due)
        owners[hook["owner_id"]] += len(due)
        if len(taken) >= limits.most:
            break
    return _take(tx, holder, taken) if taken else []


def _running(tx: Tx) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How much is in hand, by webhook, host and owner."""
    keys = (webhooks.c.webhook_id, webhooks.c.host, webhooks.c.owner_id)
    query = select(*keys, func.count()).select_from(_BOTH).where(is_("running")).group_by(*keys)
    by_hook, by_host, by_owner = Counter[str](), Counter[str](), Counter[str]()
    for hook, host, owner, count in tx.execute(query):
        by_hook[hook] += count
        by_host[host] += count
        by_owner[owner] += count
    return by_hook, by_host, by_owner


def _waiting(tx: Tx, most: int) -> list[RowMapping]:
    """Webhooks with something due that may be called now: from one to the next by the index, whatever its queue is."""
    first = select(func.min(deliveries.c.webhook_id).label("webhook_id")).where(is_("queued"))
    walked = first.cte("walked", recursive=True)
    more = deliveries.alias()
    after = select(func.min(more.c.webhook_id)).where(is_("queued", more), more.c.webhook_id > walked.c.webhook_id)
    walked = walked.union_all(select(after.scalar_subquery()).where(walked.c.webhook_id.is_not(None)))
    theirs = deliveries.alias()
    oldest = select(func.min(theirs.c.due_at)).where(
        is_("queued", theirs), theirs.c.webhook_id == webhooks.c.webhook_id
    )
    at_s = unix_s()
    columns = (webhooks.c.webhook_id, webhooks.c.owner_id, webhooks.c.host, webhooks.c.failures)
    found = (
        select(*columns, oldest.scalar_subquery().label("due_at"))
        .join(walked, walked.c.webhook_id == webhooks.c.webhook_id)
        .where(_may_be_called(at_s))
        .subquery()
    )
    query = select(found).where(found.c.due_at <= at_s).order_by(found.c.due_at).limit(most)
    return list(tx.execute(query).mappings())


def _may_be_called(at_s: float) -> ColumnElement[bool]:
    return and_(webhooks.c.enabled.is_(True), webhooks.c.rests_until <= at_s)


def _oldest_due(tx: Tx, webhook_id: str, most: int) -> list[str]:
    due = and_(is_("queued"), deliveries.c.webhook_id == webhook_id, deliveries.c.due_at <= unix_s())
    query = select(deliveries.c.delivery_id).where(due).order_by(deliveries.c.due_at).limit(most)
    return list(tx.execute(query.with_for_update(skip_locked=True)).scalars())


def _take(tx: Tx, holder: str, taken: list[str]) -> list[Claimed]:
    at_s = unix_s()
    leased = update(deliveries).where(deliveries.c.delivery_id.in_(taken), is_("queued"))
    tx.execute(
        leased.values(
            state="running",
            attempts=deliveries.c.attempts + 1,
            fence=deliveries.c.fence + 1,
            lease_holder=holder,
            lease_until=at_s + LEASE_S,
            moved_at=at_s,
        )
    )
    return _in_hand(tx, taken)


def of_test(tx: Tx, delivery_id: str) -> Claimed:
    """A test that was just begun, as it is sent."""
    [one] = _in_hand(tx, [delivery_id])
    return one


def _in_hand(tx: Tx, taken: list[str]) -> list[Claimed]:
    columns = [(webhooks if name in _OF_WEBHOOK else deliveries).c[name] for name in Claimed.__dataclass_fields__]
    query = select(*columns).select_from(_BOTH).where(deliveries.c.delivery_id.in_(taken), is_("running"))
    return [Claimed(*row) for row in tx.execute(query)]
