"""The inbox: which events this service has already handled, written in the same transaction as the effect."""

from sqlalchemy import Column, Float, Index, MetaData, String, Table, text

from filemill.chassis.clock import unix_s
from filemill.chassis.crash_points import broken
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import KeptTable

KEEP_DAYS = 14
"""Longer than any queue or outbox keeps an event, so a late duplicate still meets its row."""


def inbox_table(metadata: MetaData) -> Table:
    """The inbox of one service; each service's `tables.py` calls this once."""
    return Table(
        "inbox",
        metadata,
        Column("queue", String(80), primary_key=True),
        Column("event_id", String(36), primary_key=True),
        Column("seen_at", Float, nullable=False),
        Index("inbox_seen", "seen_at"),
    )


def kept(table: Table) -> KeptTable:
    """The inbox in a service's inventory: carried, so that an event is handled once on both sides of a move."""
    return KeptTable(table, counted=False, survives="ids of events only")


_SEE = text("INSERT INTO inbox (queue, event_id, seen_at) VALUES (:queue, :event_id, :now) ON CONFLICT DO NOTHING")
_SEEN = text("SELECT 1 FROM inbox WHERE queue = :queue AND event_id = :event_id")
_SWEEP = text(
    "DELETE FROM inbox WHERE (queue, event_id) IN"
    " (SELECT queue, event_id FROM inbox WHERE seen_at < :before ORDER BY seen_at LIMIT :most)"
)


def first_time(tx: Tx, queue: str, event_id: str) -> bool:
    """Whether this event is new to the queue; from now on it is not."""
    if broken("inbox"):
        return True
    return tx.execute(_SEE, {"queue": queue, "event_id": event_id, "now": unix_s()}).rowcount == 1


def seen(tx: Tx, queue: str, event_id: str) -> bool:
    """Whether this event was handled for the queue."""
    return tx.execute(_SEEN, {"queue": queue, "event_id": event_id}).first() is not None


def sweep(tx: Tx, most: int) -> int:
    """Forget events past their time, at most `most`; returns how many."""
    return tx.execute(_SWEEP, {"before": unix_s() - KEEP_DAYS * 86_400, "most": most}).rowcount
