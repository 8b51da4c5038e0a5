"""Reads and writes of what the compressor knows of blobs. Takes the transaction, owns none.

A blob is looked at once: `compression` is empty until then, afterwards `zstd` or `none`. Who looks holds the row by a lease.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, literal_column, select, update

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx
from filemill.chassis.storage import removals
from filemill.upload.tables import COMPRESSED_LEAST_BYTES, blobs, versions

LOOKED_AT_MOST = 100
"""Blobs in one claim: those that are not worth a look are settled by it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A blob to be compressed, if that helps."""

    storage_key: str
    size: int
    sha256: str


Worth = Callable[[int, str], bool]
"""Whether a blob of this size (bytes) and type is worth a look."""


def waits(tx: Tx, before: datetime) -> bool:
    """Whether there is a blob to look at that was stored before then."""
    return tx.execute(select(blobs.c.storage_key).where(to_look_at(before)).limit(1)).first() is not None


def claim(tx: Tx, holder: str, before: datetime, hold_s: float, worth: Worth) -> Candidate | None:
    """Take the oldest blob that is worth a look; those before it that are not are settled."""
    content_type = (
        select(versions.c.content_type).where(versions.c.storage_key == blobs.c.storage_key).limit(1).scalar_subquery()
    )
    query = select(blobs.c.storage_key, blobs.c.size, blobs.c.sha256, content_type).where(to_look_at(before))
    query = query.order_by(blobs.c.stored_at).limit(LOOKED_AT_MOST).with_for_update(of=blobs, skip_locked=True)
    chosen, settled = None, []
    for key, size, sha256, type_ in tx.execute(query):
        if worth(size, type_ or ""):
            chosen = Candidate(key, size, sha256)
            break
        settled.append(key)
    if settled:
        tx.execute(update(blobs).where(blobs.c.storage_key.in_(settled)).values(compression="none"))
    if chosen is not None:
        hold = {"holder": holder, "held_until": unix_s() + hold_s}
        tx.execute(update(blobs).where(blobs.c.storage_key == chosen.storage_key).values(hold))
    return chosen


def keep(tx: Tx, holder: str, storage_key: str, hold_s: float) -> bool:
    """Hold it longer; False if somebody else does, or the blob is purged."""
    change = update(blobs).where(_mine(holder, storage_key), blobs.c.held_until > unix_s())
    return tx.execute(change.values(held_until=unix_s() + hold_s)).rowcount == 1


def switch(tx: Tx, holder: str, storage_key: str, stored_size: int, grace_s: float | None) -> bool:
    """The compressed form is the blob now; the plain one goes after the grace (None: there is none). False as `keep`."""
    change = update(blobs).where(_mine(holder, storage_key))
    known = {"compression": "zstd", "stored_size": stored_size, "holder": None, "held_until": 0.0}
    if tx.execute(change.values(known | {"forms": blobs.c.forms + 1})).rowcount == 0:
        return False
    if grace_s is not None:
        removals.add_plain(tx, storage_key, after_s=grace_s)
    return True


def settle(tx: Tx, holder: str, storage_key: str) -> bool:
    """It stays as it is. False as `keep`."""
    change = update(blobs).where(_mine(holder, storage_key))
    return tx.execute(change.values(compression="none", holder=None, held_until=0.0)).rowcount == 1


def put_off(tx: Tx, holder: str, storage_key: str, for_s: float) -> None:
    """It could not be done now: the next try is later, and others are not held up by it."""
    change = update(blobs).where(_mine(holder, storage_key))
    tx.execute(change.values(holder=None, held_until=unix_s() + for_s))


def look_again(tx: Tx, storage_key: str) -> bool:
    """The store has only the plain form of a blob that was compressed, as a copy may: start over. False if it is no so."""
    if removals.plain_waits(tx, storage_key):
        return False
    change = update(blobs).where(blobs.c.storage_key == storage_key, blobs.c.compression == "zstd")
    plain = {"compression": None, "stored_size": blobs.c.size, "forms": blobs.c.forms + 1}
    return tx.execute(change.values(plain)).rowcount == 1


def exists(tx: Tx, storage_key: str) -> bool:
    """Whether a version still needs this blob."""
    return tx.execute(select(blobs.c.storage_key).where(blobs.c.storage_key == storage_key)).first() is not None


def form_of(tx: Tx, storage_key: str) -> str | None:
    """`zstd`, `none`, or None for a blob that nobody has looked at."""
    return tx.execute(select(blobs.c.compression).where(blobs.c.storage_key == storage_key)).scalar()


def held(tx: Tx, file_id: str) -> dict[str, float]:
    """The blobs of a file on which somebody is at work, and until when (Unix seconds). Nobody begins in this transaction."""
    mine = select(versions.c.storage_key).where(versions.c.file_id == file_id)
    query = select(blobs.c.storage_key, blobs.c.holder, blobs.c.held_until).where(blobs.c.storage_key.in_(mine))
    rows: Sequence[Any] = tx.execute(query.order_by(blobs.c.storage_key).with_for_update()).all()
    return {key: until for key, holder, until in rows if holder is not None and until > unix_s()}


def to_look_at(before: datetime) -> Any:
    """What is true of a blob that nobody has looked at, stored before then."""
    # The first two are those of the partial index `blobs_open`, the number as it stands there: no engine sees that a
    # parameter is the same.
    return and_(
        blobs.c.compression.is_(None),
        blobs.c.size >= literal_column(str(COMPRESSED_LEAST_BYTES)),
        blobs.c.stored_at < before,
        blobs.c.held_until <= unix_s(),
    )


def _mine(holder: str, storage_key: str) -> Any:
    return and_(blobs.c.storage_key == storage_key, blobs.c.holder == holder)
