"""How much of each upload token is used up. Takes the transaction, owns none.

A file counts in the transaction in which it begins to exist; an upload in several requests also when it begins, so that a
token cannot fill the list of unfinished uploads. A begun one that came to nothing does not use up a file.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, text

from filemill.chassis import owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.upload.errors import TokenUsedUp
from filemill.upload.tables import token_uses

BEGUN_IN_VAIN_MOST = 20
"""Uploads that a token may begin beside those that become files: a client that lost an answer begins again."""
KEPT_S = 30 * 24 * 3600.0
"""After a token's end: an upload that was begun in time may end long after it."""

_COUNT = text(
    "INSERT INTO token_uses (token_id, owner_id, files, begun, forget_at)"
    " VALUES (:token_id, :owner_id, :files, :begun, :forget_at)"
    " ON CONFLICT (token_id) DO UPDATE SET files = token_uses.files + :files, begun = token_uses.begun + :begun"
    " RETURNING files, begun"
)


def use(tx: Tx, grant: UploadGrant) -> None:
    """One more file was made with this token. Raises `TokenUsedUp`; of many at once no more than allowed get past it."""
    files, _ = _count(tx, grant, files=1, begun=0)
    if files > grant.files:
        raise _used_up(grant)


def begin(tx: Tx, grant: UploadGrant) -> None:
    """One more upload was begun with this token. Raises `TokenUsedUp`."""
    files, begun = _count(tx, grant, files=0, begun=1)
    if files >= grant.files:
        raise _used_up(grant)
    if begun > grant.files + BEGUN_IN_VAIN_MOST:
        raise TokenUsedUp(f"With it {begun - 1} uploads were begun.")


def sweep(tx: Tx, now_s: float) -> int:
    """Forget tokens that are over for long; returns how many."""
    return tx.execute(delete(token_uses).where(token_uses.c.forget_at < now_s)).rowcount


def row_of(grant: UploadGrant | None) -> dict[str, Any] | None:
    """A grant as the row of an unfinished upload keeps it."""
    if grant is None:
        return None
    return {
        "token_id": grant.token_id,
        "owner_id": grant.owner_id,
        "expires_at": grant.expires_at.timestamp(),
        "files": grant.files,
        "max_bytes": grant.max_bytes,
        "types": list(grant.types),
    }


def grant_of(row: Mapping[str, Any] | None) -> UploadGrant | None:
    """What `row_of` wrote."""
    if row is None:
        return None
    expires_at = datetime.fromtimestamp(row["expires_at"], UTC)
    return UploadGrant(
        row["token_id"], row["owner_id"], expires_at, row["files"], row["max_bytes"], tuple(row["types"])
    )


def _count(tx: Tx, grant: UploadGrant, *, files: int, begun: int) -> tuple[int, int]:
    """Nobody can slip past: this writes the token's one row. A token outlives its owner, who may have been erased."""
    if owner_erasure.was_erased(tx, grant.owner_id):
        raise TokenUsedUp("Its owner was erased.")
    values = {"token_id": grant.token_id, "owner_id": grant.owner_id, "files": files, "begun": begun}
    row = tx.execute(_COUNT, values | {"forget_at": grant.expires_at.timestamp() + KEPT_S}).one()
    return row[0], row[1]


def _used_up(grant: UploadGrant) -> TokenUsedUp:
    return TokenUsedUp(f"It was for {grant.files} {'file' if grant.files == 1 else 'files'}.")
