"""Sharing by link: a row that says until when it works, and a secret in the link whose hash alone is kept.

A signed link needs no row and works until it expires; this one is asked for at each opening, so whoever made it can take it
back at once, in every instance, and sees how often it was opened. What is opened never leads to an address of the store,
which would outlive the link by a minute.
"""

import hashlib
import hmac
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis import access_journal
from filemill.chassis.bounds import CONTROLS
from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.errors import BadRequest, NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.web.caller import Caller
from filemill.contracts.envelope import Event
from filemill.contracts.links import NewShare
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Action, FileAccessed
from filemill.upload import repository, shares_repository
from filemill.upload.contents import find_file
from filemill.upload.errors import ShareExpired, ShareInvalid, ShareRevoked, TooManyShares

SECRET_BYTES = 32
SHARES_MOST = 100
"""Working links to one file, and as many that have ended are remembered."""
_NOBODYS = hashlib.sha256(b"").hexdigest()


def make(tx: Tx, caller: Caller, file_id: str, asked: NewShare, most: timedelta) -> tuple[Mapping[str, Any], str]:
    """A link to a file of the caller's; its row, and its secret. Raises `NotFound`, `BadRequest`, `TooManyShares`."""
    if asked.note is not None and CONTROLS.search(asked.note):
        raise BadRequest("A note has no control characters.")
    if timedelta(seconds=asked.expires_in) > most:
        raise BadRequest(f"A link here works for at most {most.total_seconds():.0f} s (FILEMILL_SHARE_DAYS_MOST).")
    hold(tx, file_id)
    file = find_file(tx, lambda tx, file_id: repository.get(tx, caller.owner_id, file_id), file_id, asked.version)
    moment = now()
    if shares_repository.living(tx, file_id, moment) >= SHARES_MOST:
        raise TooManyShares(f"The file has {SHARES_MOST} links that work; take one back first.")
    shares_repository.drop_ended(tx, file_id, moment, SHARES_MOST - 1)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    row = {
        "share_id": new_id(), "file_id": file_id, "owner_id": file["owner_id"], "digest": digest_of(secret),
        "version": asked.version, "note": asked.note, "created_by": caller.owner_id, "created_at": moment,
        "expires_at": moment + timedelta(seconds=asked.expires_in), "revoked_at": None, "opens": 0,
        "last_opened_at": None,
    }  # fmt: skip
    shares_repository.add(tx, row)
    _tell(tx, row, caller, "share")
    return row, secret


def revoke(tx: Tx, caller: Caller, file_id: str, share_id: str) -> None:
    """Take a link back, at once and everywhere; twice is as good as once. Raises `NotFound`."""
    moment = now()
    row = shares_repository.revoke(tx, caller.owner_id, file_id, share_id, moment)
    if row is None:
        raise NotFound("There is no such link to this file.")
    if row["revoked_at"] == moment:
        _tell(tx, row, caller, "unshare")


def find(tx: Tx, share_id: str, secret: str) -> RowMapping:
    """The row of a link, if its secret is right; whether it still works says `check`. Raises `ShareInvalid`."""
    row = shares_repository.find(tx, share_id)
    # Compared whether there is a row or not: the time says nothing about which ids there are.
    same = hmac.compare_digest(digest_of(secret), row["digest"] if row is not None else _NOBODYS)
    if row is None or not same:
        raise ShareInvalid()
    return row


def check(row: RowMapping | Mapping[str, Any], moment: datetime) -> None:
    """Raises `ShareRevoked`, `ShareExpired`. Only for whoever has shown the secret."""
    state = state_of(row, moment)
    if state == "revoked":
        raise ShareRevoked("Whoever made this link has taken it back.")
    if state == "expired":
        raise ShareExpired(f"This link worked until {row['expires_at']:%Y-%m-%d %H:%M:%S} UTC; ask for a new one.")


def state_of(row: RowMapping | Mapping[str, Any], moment: datetime) -> str:
    """`open`, `revoked` or `expired`."""
    if row["revoked_at"] is not None:
        return "revoked"
    return "open" if moment < row["expires_at"] else "expired"


def keep_opens(tx: Tx, events: Sequence[Event]) -> None:
    """What `access_journal` keeps here: that metadata is told, and how often each link was opened."""
    access_journal.tell(tx, events)
    opened: dict[str, list[datetime]] = defaultdict(list)
    for event in events:
        if event.data["action"] == "share-open" and event.data["outcome"] == "ok":
            opened[event.data["share_id"]].append(event.time)
    for share_id, times in sorted(opened.items()):
        shares_repository.count_opens(tx, share_id, len(times), max(times))


def digest_of(secret: str) -> str:
    """What is kept of a secret: it is random, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _tell(tx: Tx, row: Mapping[str, Any] | RowMapping, caller: Caller, action: Action) -> None:
    data = FileAccessed(
        file_id=row["file_id"], owner_id=row["owner_id"], actor=caller.owner_id, action=action,
        client_address=caller.address, version=row["version"], share_id=row["share_id"],
    )  # fmt: skip
    outbox.append(tx, wire.make_event("upload", Topic.ACCESSED, row["file_id"], data))
