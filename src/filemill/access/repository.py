"""Reads and writes of the access service's rows. Takes the transaction, owns none. Times are Unix seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, false, func, insert, select, update

from filemill.access.tables import erasure_confirmations, erasures, inbox, keys, logins, outbox
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory, KeptTable
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes

USED_EVERY_S = 60.0
"""When a key was last used is kept to the minute: a write for each call would cost more than the call."""


def add_key(tx: Tx, row: Mapping[str, Any]) -> None:
    """A new key."""
    tx.execute(insert(keys), dict(row))


def key_by_digest(tx: Tx, digest: str) -> RowMapping | None:
    """The key that has this hash, revoked and expired ones too."""
    return tx.execute(select(keys).where(keys.c.digest == digest)).mappings().one_or_none()


def count_living_keys(tx: Tx, owner_id: str, now_s: float) -> int:
    """How many keys of an owner work."""
    living = keys.c.revoked_at.is_(None), (keys.c.expires_at.is_(None)) | (keys.c.expires_at > now_s)
    return int(tx.execute(select(func.count()).where(keys.c.owner_id == owner_id, *living)).scalar_one())


def list_keys(tx: Tx, owner_id: str | None, before: str | None, limit: int) -> Sequence[RowMapping]:
    """Keys of an owner (None: of everybody), newest first, after the one with id `before`."""
    query = select(keys).order_by(keys.c.key_id.desc()).limit(limit)
    if owner_id is not None:
        query = query.where(keys.c.owner_id == owner_id)
    if before is not None:
        query = query.where(keys.c.key_id < before)
    return tx.execute(query).mappings().all()


def revoke_key(tx: Tx, key_id: str, owner_id: str | None, now_s: float) -> bool:
    """Revoke a key of this owner (None: of whoever) and end what was logged in with it; False if there is none such."""
    its = (keys.c.key_id == key_id,) if owner_id is None else (keys.c.key_id == key_id, keys.c.owner_id == owner_id)
    revoked = func.coalesce(keys.c.revoked_at, now_s)
    if not tx.execute(update(keys).where(*its).values(revoked_at=revoked)).rowcount:
        return False
    tx.execute(update(logins).where(logins.c.key_id == key_id).values(ended=True))
    return True


def note_use(tx: Tx, key_id: str, now_s: float) -> None:
    """A key was used."""
    old = (keys.c.last_used_at.is_(None)) | (keys.c.last_used_at < now_s - USED_EVERY_S)
    tx.execute(update(keys).where(keys.c.key_id == key_id, old).values(last_used_at=now_s))


def add_login(tx: Tx, row: Mapping[str, Any], now_s: float, sweep_most: int = 50) -> None:
    """A new login; some that are over are forgotten with it, so the table stays about as large as what lives."""
    over = select(logins.c.login_id).where(logins.c.ends_at < now_s).limit(sweep_most)
    tx.execute(delete(logins).where(logins.c.login_id.in_(over)))
    tx.execute(insert(logins), dict(row))


def login_by_digest(tx: Tx, digest: str) -> RowMapping | None:
    """The login of a session with this hash, and of the key it was made with when that was revoked and expires."""
    query = (
        select(logins, keys.c.revoked_at, keys.c.expires_at)
        .outerjoin(keys, keys.c.key_id == logins.c.key_id)
        .where(logins.c.digest == digest)
    )
    return tx.execute(query).mappings().one_or_none()


def list_logins(tx: Tx, owner_id: str, now_s: float, limit: int) -> Sequence[RowMapping]:
    """Logins of an owner that are not over, newest first."""
    living = logins.c.owner_id == owner_id, logins.c.ended.is_(False), logins.c.ends_at > now_s
    return tx.execute(select(logins).where(*living).order_by(logins.c.login_id.desc()).limit(limit)).mappings().all()


def end_login(tx: Tx, login_id: str, owner_id: str) -> bool:
    """End a login of this owner; False if there is none such."""
    its = logins.c.login_id == login_id, logins.c.owner_id == owner_id, logins.c.ended.is_(False)
    return tx.execute(update(logins).where(*its).values(ended=True)).rowcount > 0


def _by_itself(_tx: Tx, _owner_id: str, _mark: str) -> int:
    """What is kept of an erasure loses the name with its end (`erasing.close`)."""
    return 0


INVENTORY = Inventory(
    "access",
    (
        KeptTable(keys, counted=False, survives="a key belongs to an owner, not to a file", owner="at once"),
        # Sessions stay behind (they are in the shared store), so everybody logs in again in a copy.
        KeptTable(logins, worth=false(), counted=False,
                  survives="a login belongs to an owner, not to a file", owner="at once"),
        KeptTable(erasures, survives="about an owner: nothing of any file", erase_owner=_by_itself),
        KeptTable(erasure_confirmations, survives="ids and counts only"),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
)  # fmt: skip
