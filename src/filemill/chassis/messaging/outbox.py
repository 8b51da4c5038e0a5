"""The outbox: an event is written in the same transaction as the change it tells of, and published later by the relay.

Rows are claimed with a lease, so several relays (one per process that writes) can work side by side; sent rows are kept
for `KEEP_SENT_DAYS` and then swept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    select,
    text,
    update,
)

from filemill.chassis import clock
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx, insert_rows, mark_commit, must_last
from filemill.chassis.database.inventory import KeptTable
from filemill.chassis.messaging import wire
from filemill.contracts.envelope import Event

KEEP_SENT_DAYS = 7
MARK = "outbox"
"""The commit mark that wakes the relay."""


def outbox_table(metadata: MetaData) -> Table:
    """The outbox of one service; each service's `tables.py` calls this once."""
    return Table(
        "outbox",
        metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("event_id", String(36), nullable=False, unique=True),
        Column("body", LargeBinary, nullable=False),
        Column("subject", String(36)),
        Column("claimed_by", String(200)),
        Column("claimed_until", Float, nullable=False, server_default="0"),
        Column("sent_at", Float),
        Index("outbox_subject", "subject"),
        Index("outbox_unsent", "seq", sqlite_where=text("sent_at IS NULL"), postgresql_where=text("sent_at IS NULL")),
    )


def kept(table: Table) -> KeptTable:
    """The outbox in a service's inventory: a claim belongs to a process, and what is on its way is no part of a digest."""
    return KeptTable(table, local={"claimed_by": None, "claimed_until": 0.0}, counted=False, erase=erase, events="body")


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A claimed row."""

    seq: int
    event: Event


_OUTBOX = outbox_table(MetaData())
"""The same in every service, so one set of statements serves all."""
_FREE = (
    select(_OUTBOX.c.seq)
    .where(_OUTBOX.c.sent_at.is_(None), _OUTBOX.c.claimed_until < bindparam("now", type_=Float))
    .order_by(_OUTBOX.c.seq)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)  # several relays take side by side; SQLite, with its one writer, leaves this out
    .cte("free")  # as a plain subquery PostgreSQL may run it once for each row, and then `most` bounds nothing
)
_CLAIM = (
    update(_OUTBOX)
    .where(_OUTBOX.c.seq.in_(select(_FREE.c.seq)))
    .values(claimed_by=bindparam("me", type_=String), claimed_until=bindparam("until", type_=Float))
    .returning(_OUTBOX.c.seq, _OUTBOX.c.body)
)
_SENT = (
    update(_OUTBOX)
    .where(_OUTBOX.c.event_id.in_(bindparam("event_ids", expanding=True, type_=String)))
    .values(sent_at=bindparam("now", type_=Float))
)
_HOLDERS = text("SELECT DISTINCT claimed_by FROM outbox WHERE sent_at IS NULL AND claimed_until >= :now")
_RELEASE = text("UPDATE outbox SET claimed_until = 0 WHERE sent_at IS NULL AND claimed_by = :holder")
_WAITING = text("SELECT seq, body FROM outbox WHERE sent_at IS NULL AND seq > :after ORDER BY seq LIMIT :most")
_UNSEND = text("UPDATE outbox SET sent_at = NULL, claimed_by = NULL, claimed_until = 0 WHERE event_id = :event_id")
# Only among the oldest rows: to look for old ones in all of them would take seconds, and every writer waits for it.
_SWEEP = text(
    "DELETE FROM outbox WHERE seq IN (SELECT seq FROM"
    " (SELECT seq, sent_at FROM outbox ORDER BY seq LIMIT :most) AS oldest WHERE sent_at < :before)"
)


def append(tx: Tx, *events: Event) -> None:
    """Write events into the outbox of the present transaction, which must be one that lasts."""
    must_last(tx)
    rows = [{"event_id": event.id, "subject": event.subject, "body": wire.encode(event)} for event in events]
    insert_rows(tx, _OUTBOX, rows)
    mark_commit(tx, MARK)


def claim(tx: Tx, me: str, most: int, lease_s: float) -> list[OutboxRow]:
    """Take up to `most` unsent rows, oldest first, for `lease_s`."""
    now = unix_s()
    rows = tx.execute(_CLAIM, {"me": me, "until": now + lease_s, "now": now, "most": most}).all()
    return [OutboxRow(seq, wire.decode(body)) for seq, body in sorted(rows)]


def holders(tx: Tx) -> list[str]:
    """Who holds claims that have not expired."""
    return [row[0] for row in tx.execute(_HOLDERS, {"now": unix_s()})]


def release(tx: Tx, holder: str) -> None:
    """Free the claims of a holder that is gone."""
    tx.execute(_RELEASE, {"holder": holder})


def mark_sent(tx: Tx, event_ids: Sequence[str]) -> None:
    """These are in the broker.

    By id and not by number: SQLite gives the number of a row that a purge has deleted meanwhile to the next event.
    """
    tx.execute(_SENT, {"now": unix_s(), "event_ids": list(event_ids)})


def unsent(tx: Tx) -> int:
    """How many events wait."""
    return int(tx.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL")).scalar_one())


def oldest_s(tx: Tx) -> float:
    """How many seconds ago the oldest event that waits happened; 0 if none does."""
    body = tx.execute(text("SELECT body FROM outbox WHERE sent_at IS NULL ORDER BY seq LIMIT 1")).scalar()
    return max(0.0, (clock.now() - wire.decode(bytes(body)).time).total_seconds()) if body is not None else 0.0


def waiting(tx: Tx, after: int, most: int) -> list[OutboxRow]:
    """Unsent rows above a place, oldest first, whoever has claimed them."""
    rows = tx.execute(_WAITING, {"after": after, "most": most})
    return [OutboxRow(seq, wire.decode(body)) for seq, body in rows]


def send_again(tx: Tx, events: Sequence[Event]) -> None:
    """Have the relay publish these once more: each row still here becomes unsent, one that was swept is written anew.

    A consumer that had handled one drops it by its inbox. Twice is as good as once.
    """
    for event in events:
        if not tx.execute(_UNSEND, {"event_id": event.id}).rowcount:
            append(tx, event)
    mark_commit(tx, MARK)


def send_again_after(tx: Tx, after: int, most: int) -> list[int]:
    """Have the relay publish the next events that are kept here once more, those behind a place; returns their places."""
    seqs = list(
        tx.execute(select(_OUTBOX.c.seq).where(_OUTBOX.c.seq > after).order_by(_OUTBOX.c.seq).limit(most)).scalars()
    )
    if seqs:
        those = _OUTBOX.c.seq.between(seqs[0], seqs[-1])
        tx.execute(update(_OUTBOX).where(those).values(sent_at=None, claimed_by=None, claimed_until=0.0))
        mark_commit(tx, MARK)
    return seqs


def erase(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """Delete every event about a purged file, sent or not: they tell of what is to be forgotten."""
    return tx.execute(delete(_OUTBOX).where(_OUTBOX.c.subject == file_id)).rowcount, []


def forget(tx: Tx, subjects: Sequence[str]) -> tuple[int, int]:
    """Delete sent events about these: (deleted, still to be sent)."""
    about = _OUTBOX.c.subject.in_(subjects)
    gone = tx.execute(delete(_OUTBOX).where(about, _OUTBOX.c.sent_at.is_not(None))).rowcount
    left = tx.execute(select(_OUTBOX.c.seq).where(about)).all()
    return gone, len(left)


def sweep(tx: Tx, most: int) -> int:
    """Delete those of the `most` oldest rows that were sent and are past their time; returns how many."""
    return tx.execute(_SWEEP, {"before": unix_s() - KEEP_SENT_DAYS * 86_400, "most": most}).rowcount
