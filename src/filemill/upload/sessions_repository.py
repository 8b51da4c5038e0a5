"""Reads and writes of the rows of unfinished uploads. Takes the transaction, owns none; what a client asks takes the owner.

A turn is the right to write to one upload: `holder` has it until `held_until`, and every later change names the holder, so
that one who lost it can change nothing (a fencing token).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx
from filemill.upload.tables import upload_sessions as sessions


@dataclass(frozen=True, slots=True)
class NewSession:
    """An upload that is about to begin, or, with a `file_id`, that ended in the request that began it."""

    upload_id: str
    owner_id: str
    kind: str
    filename: str
    fields: dict[str, Any]
    told: dict[str, str]
    size: int | None
    expires_at: float
    client_address: str | None = None
    token: dict[str, Any] | None = None
    sha256: str | None = None
    received: int = 0
    file_id: str | None = None
    state: str = "open"
    pieces: list[Any] = field(default_factory=list)


def add(tx: Tx, new: NewSession) -> None:
    """An upload begins."""
    tx.execute(insert(sessions), asdict(new) | {"created_at": unix_s()})


def count_open(tx: Tx, owner_id: str, most: int) -> int:
    """How many uploads of this owner have not ended; counted up to `most`."""
    some = select(sessions.c.upload_id).where(sessions.c.owner_id == owner_id, sessions.c.state == "open").limit(most)
    return tx.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def get(tx: Tx, owner_id: str, upload_id: str) -> RowMapping | None:
    """One upload of this owner that has not expired."""
    alive = _one(owner_id, upload_id).where(sessions.c.expires_at > unix_s())
    return tx.execute(alive).mappings().first()


def get_to_change(tx: Tx, owner_id: str, upload_id: str, *, any_age: bool) -> RowMapping | None:
    """As `get`, and nobody changes it until this transaction ends; with `any_age` also if it has expired."""
    query = _one(owner_id, upload_id)
    if not any_age:
        query = query.where(sessions.c.expires_at > unix_s())
    return tx.execute(query.with_for_update()).mappings().first()


def get_open(tx: Tx, upload_id: str) -> RowMapping | None:
    """One upload that goes on, whoever owns it: for those who show a signed address."""
    query = select(sessions).where(
        sessions.c.upload_id == upload_id, sessions.c.state == "open", sessions.c.expires_at > unix_s()
    )
    return tx.execute(query).mappings().first()


def to_verify(tx: Tx, after: float, most: int) -> list[RowMapping]:
    """Those that wait to be checked, oldest first, with who holds them."""
    query = select(sessions).where(sessions.c.state == "verifying", sessions.c.expires_at > after)
    return list(tx.execute(query.order_by(sessions.c.upload_id).limit(most)).mappings())


def give_turn(tx: Tx, upload_id: str, holder: str, hold_s: float) -> None:
    """This holder writes from now on. The caller has checked that nobody else does."""
    mine = update(sessions).where(sessions.c.upload_id == upload_id)
    tx.execute(mine.values(holder=holder, held_until=unix_s() + hold_s))


def keep_turns(tx: Tx, holders: Sequence[str], hold_s: float) -> None:
    """Say again that these write."""
    tx.execute(update(sessions).where(sessions.c.holder.in_(holders)).values(held_until=unix_s() + hold_s))


def end_turn(tx: Tx, upload_id: str, holder: str) -> None:
    """It writes no more."""
    tx.execute(_held(upload_id, holder).values(holder=None, held_until=0.0))


def advance(tx: Tx, upload_id: str, holder: str, values: dict[str, Any]) -> bool:
    """Change a row in one's turn; False if the turn was lost, or the upload has ended."""
    return (
        tx.execute(
            _held(upload_id, holder).where(sessions.c.state.in_(("open", "verifying"))).values(**values)
        ).rowcount
        == 1
    )


def remove(tx: Tx, upload_id: str, holder: str) -> bool:
    """Forget an upload in one's turn; False if the turn was lost."""
    mine = delete(sessions).where(sessions.c.upload_id == upload_id, sessions.c.holder == holder)
    return tx.execute(mine).rowcount == 1


def expired(tx: Tx, before: float, most: int) -> list[tuple[str, str]]:
    """(owner, upload) of those whose time is over, oldest first."""
    query = select(sessions.c.owner_id, sessions.c.upload_id).where(sessions.c.expires_at <= before)
    return [(row[0], row[1]) for row in tx.execute(query.order_by(sessions.c.expires_at).limit(most))]


def left_whole(tx: Tx, before: float, most: int) -> list[tuple[str, str, str | None]]:
    """(owner, upload, address) of those that have every byte, are no file yet, and nobody is at work on."""
    query = select(sessions.c.owner_id, sessions.c.upload_id, sessions.c.client_address).where(
        sessions.c.state == "open", sessions.c.kind == "file", sessions.c.size == sessions.c.received,
        sessions.c.held_until < before,
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in tx.execute(query.limit(most))]


def _held(upload_id: str, holder: str) -> Any:
    return update(sessions).where(sessions.c.upload_id == upload_id, sessions.c.holder == holder)


def _one(owner_id: str, upload_id: str) -> Any:
    return select(sessions).where(sessions.c.upload_id == upload_id, sessions.c.owner_id == owner_id)
