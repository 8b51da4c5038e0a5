"""Reads and writes of the notification service's rows. Takes the transaction, owns none."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from filemill.chassis import erasure, owner_erasure
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.database.inventory import Inventory, KeptTable
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.contracts.topics import Topic
from filemill.notification.tables import deliveries, inbox, live_events, outbox, owner_erasures, purged_files, webhooks

PLACES = "notification.live"
"""What adding to the live events holds."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event as a stream sends it; `seq` is its place, and what `Last-Event-ID` names."""

    seq: int
    owner_id: str
    type: str
    body: bytes


_SHOWN = (live_events.c.seq, live_events.c.owner_id, live_events.c.type, live_events.c.body)


def add(tx: Tx, owner_id: str, topic: str, file_id: str, body: bytes, at: float) -> None:
    """Append an event."""
    hold(tx, PLACES)  # a reader goes on from the last number it saw: a smaller one must not be committed after it
    tx.execute(insert(live_events), {"owner_id": owner_id, "type": topic, "file_id": file_id, "body": body, "at": at})


def after(tx: Tx, owner_id: str, seq: int, most: int, types: frozenset[str] | None = None) -> list[LiveEvent]:
    """The owner's events after a place, in order; of these types only, if any are named."""
    query = select(*_SHOWN).where(live_events.c.owner_id == owner_id, live_events.c.seq > seq)
    if types is not None:
        query = query.where(live_events.c.type.in_(sorted(types)))
    return [LiveEvent(*row) for row in tx.execute(query.order_by(live_events.c.seq).limit(most))]


def newer(tx: Tx, seq: int, most: int) -> list[LiveEvent]:
    """Everybody's events after a place, in order: for the one look that serves all streams of a process."""
    query = select(*_SHOWN).where(live_events.c.seq > seq)
    return [LiveEvent(*row) for row in tx.execute(query.order_by(live_events.c.seq).limit(most))]


def last_seq(tx: Tx) -> int:
    """The place of the newest event; 0 if there is none."""
    return int(tx.execute(select(func.coalesce(func.max(live_events.c.seq), 0))).scalar_one())


def rates(tx: Tx, since: float) -> dict[str, int]:
    """Events by type since a moment (Unix seconds)."""
    query = select(live_events.c.type, func.count()).where(live_events.c.at >= since).group_by(live_events.c.type)
    return {row[0]: row[1] for row in tx.execute(query)}


def sweep(tx: Tx, before: float, most: int = 1000) -> int:
    """Forget events older than a moment, at most `most`; returns how many.

    The newest stays: SQLite would number anew from 1 in an empty table, and readers who resume would miss everything.
    """
    newest = select(func.max(live_events.c.seq)).scalar_subquery()
    old = (
        select(live_events.c.seq)
        .where(live_events.c.at < before, live_events.c.seq < newest)
        .order_by(live_events.c.seq)
        .limit(most)
    )
    return tx.execute(delete(live_events).where(live_events.c.seq.in_(old))).rowcount


# What the operator's tools see.
def _erase_live(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """All but the news of the purge itself, which names nothing and is the newest: the numbers go on behind it."""
    gone = live_events.c.file_id == file_id, live_events.c.type.not_in((Topic.PURGED, Topic.PURGE_CONFIRMED))
    return tx.execute(delete(live_events).where(*gone)).rowcount, []


def _erase_deliveries(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """As above; what is being sent at the moment finds no row to write to."""
    gone = deliveries.c.file_id == file_id, deliveries.c.type.not_in((Topic.PURGED, Topic.PURGE_CONFIRMED))
    return tx.execute(delete(deliveries).where(*gone)).rowcount, []


def _forget_live(tx: Tx, owner_id: str, mark: str) -> int:
    """The newest row of all stays, with nothing in it: the numbers go on behind it."""
    hold(tx, PLACES)
    newest = last_seq(tx)
    gone = delete(live_events).where(live_events.c.owner_id == owner_id, live_events.c.seq < newest)
    count = tx.execute(gone).rowcount
    left = update(live_events).where(live_events.c.owner_id == owner_id)
    return count + tx.execute(left.values(owner_id=mark, body=b"{}")).rowcount


INVENTORY = Inventory(
    "notification",
    (
        KeptTable(live_events, erase=_erase_live, erase_owner=_forget_live, events="body"),
        KeptTable(webhooks, survives="what their owner set up; nothing of any file", owner="at once"),
        KeptTable(
            deliveries,
            local={"lease_holder": None, "lease_until": 0.0},
            erase=_erase_deliveries,
            owner="at once",
            events="body",
        ),
        erasure.kept(purged_files),
        owner_erasure.kept(owner_erasures),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
)
