"""The transactions in which files and versions begin to exist: rows, blobs, usage, the key they redeem, the news of them.

Plain functions of a transaction. Whatever raises (`QuotaExceeded`, a key that is used up) leaves everything as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from filemill.chassis.database.database import Tx, hold
from filemill.chassis.errors import NotFound
from filemill.chassis.messaging import outbox
from filemill.chassis.storage import removals
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.contracts.envelope import Event
from filemill.upload import (
    repository,
    rules,
    scans_repository,
    spooled_repository,
    stored_forms,
    tokens_repository,
    versions_repository,
)


class Redeemable(Protocol):
    """What is used up in the transaction in which a file begins to exist."""

    def redeem(self, tx: Tx, file_id: str) -> None:
        """Say what the file was made for; raising leaves everything as it was."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that is about to exist, what is told of it, the key and the token it uses up, what the owner may have."""

    row: Mapping[str, Any]
    event: Event
    ticket: Redeemable | None
    scope: str
    quota_bytes: int | None
    grant: UploadGrant | None = None


def accept_all(tx: Tx, files: Sequence[Accepted]) -> Sequence[Mapping[str, Any]]:
    """These files exist from this transaction on. Returns their rows as kept. Raises `QuotaExceeded`, `TokenUsedUp`."""
    for one in files:
        if one.ticket is not None:
            one.ticket.redeem(tx, one.row["file_id"])
        if one.grant is not None:
            tokens_repository.use(tx, one.grant)
    rows = keep_contents(tx, [(one.row, one.scope) for one in files], files[0].quota_bytes)
    repository.insert_files(tx, rows)
    events = [_pointing_to(one.event, row["storage_key"]) for one, row in zip(files, rows, strict=True)]
    tell_or_hold(tx, list(zip(rows, events, strict=True)))
    return rows


def accept_child(tx: Tx, child: Accepted) -> Mapping[str, Any]:
    """As `accept_all` for one file that came out of another. Raises `NotFound` unless that one is living.

    It is held: whoever moves or purges it sees this child, or is seen here.
    """
    parent_id = child.row["parent_id"]
    hold(tx, parent_id)
    if repository.get(tx, child.row["owner_id"], parent_id) is None:
        raise NotFound("The file that this one came out of is not there any more.")
    return accept_all(tx, [child])[0]


def tell_or_hold(tx: Tx, told: Sequence[tuple[Mapping[str, Any], Event]]) -> None:
    """Tell the others of these versions; of one that is held back only once the scanner has seen it."""
    outbox.append(tx, *(event for row, event in told if not row["held"]))
    waiting = [
        {"uploaded": event.data, "request_id": event.requestid, "traceparent": event.traceparent}
        for row, event in told
        if row["held"]
    ]
    if waiting:
        scans_repository.add(tx, waiting)


def keep_contents(
    tx: Tx, contents: Sequence[tuple[Mapping[str, Any], str]], quota_bytes: int | None
) -> list[Mapping[str, Any]]:
    """Write versions and the blobs that are new; returns the rows as they are kept.

    What the store has already is not stored twice: the version names the blob that is there, the new one is to be removed.
    """
    # A scope of its own is shared with nobody, so nothing can be there: with FILEMILL_DEDUPE=off nothing is looked up.
    shared = [(scope, row["sha256"]) for row, scope in contents if scope != row["storage_key"]]
    known = versions_repository.find_blobs(tx, shared)
    fresh: list[Mapping[str, Any]] = []
    rows: list[Mapping[str, Any]] = []
    spare: list[str] = []
    formed: list[Mapping[str, Any]] = []
    for row, scope in contents:
        content = (scope, row["sha256"])
        if content in known:
            there = known[content]
            spare.append(row["storage_key"])
            rows.append(dict(row) | {"storage_key": there.storage_key})
            if there.forms:
                formed.append(dict(row) | {"stored_size": there.stored_size, "forms": there.forms})
            continue
        known[content] = versions_repository.KnownBlob(row["storage_key"], row["size"], 0)
        fresh.append(versions_repository.blob_of(row, scope))
        rows.append(row)
    versions_repository.insert_blobs(tx, fresh)
    versions_repository.insert_versions(tx, rows)
    removals.add(tx, spare)
    stored_forms.tell(tx, formed)
    _count(tx, rows, quota_bytes)
    return rows


def _count(tx: Tx, rows: Sequence[Mapping[str, Any]], quota_bytes: int | None) -> None:
    """The owners have these now. Raises `QuotaExceeded`; nobody can slip past it, since this writes the owner's one row."""
    for owner_id in sorted({row["owner_id"] for row in rows}):
        sizes = [row["size"] for row in rows if row["owner_id"] == owner_id]
        total = versions_repository.count_usage(tx, owner_id, sum(sizes), len(sizes))
        if quota_bytes is not None and total > quota_bytes:
            raise rules.over_quota(quota_bytes)


def _pointing_to(event: Event, storage_key: str) -> Event:
    """The event, if its bytes turned out to be in the store already under another key."""
    if event.data["storage_key"] == storage_key:
        return event
    return event.model_copy(update={"data": event.data | {"storage_key": storage_key}})


def accept_queued(
    tx: Tx,
    row: Mapping[str, Any],
    waiting: Mapping[str, Any],
    ticket: Redeemable | None,
    quota_bytes: int | None,
    grant: UploadGrant | None = None,
) -> None:
    """The file exists, its bytes are in the spool: nobody is told yet. Raises `QuotaExceeded`, `TokenUsedUp`."""
    if ticket is not None:
        ticket.redeem(tx, row["file_id"])
    if grant is not None:
        tokens_repository.use(tx, grant)
    repository.insert_files(tx, [row])
    spooled_repository.add(tx, waiting)
    _count(tx, [row], quota_bytes)
