"""API keys: `fm_` and 256 random bits, shown once, kept as a hash.

A plain SHA-256 is enough: what is hashed is random, so there is nothing to guess. A key stops working when it is revoked or
expires; what was logged in with it ends with it.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from filemill.access import erasing, repository
from filemill.access.errors import TooManyKeys
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound
from filemill.chassis.identity.principal import Scope
from filemill.chassis.ids import new_id
from filemill.contracts.access import CreatedKey, Key

PREFIX = "fm_"
KEY_BYTES = 32
SHOWN_CHARACTERS = 10
KEYS_MOST = 10_000
"""Working keys of one owner: a program that makes one for each call is a fault to be told of."""

_FORM = re.compile(r"fm_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be made. `expires_in_s` None: it works until it is revoked."""

    owner_id: str
    scopes: frozenset[Scope]
    name: str = ""
    expires_in_s: float | None = None


def digest_of(secret: str) -> str:
    """What is kept of a key or session id."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_key(text: str) -> bool:
    """Whether `text` has the form of a key; only such a text is ever looked for."""
    return _FORM.fullmatch(text) is not None


class KeyRing:
    """The keys of an installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, wanted: Wanted) -> CreatedKey:
        """A new key. Raises `TooManyKeys`, `OwnerBeingErased`."""
        key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
        row = {
            "key_id": new_id(),
            "digest": digest_of(key),
            "shown": key[:SHOWN_CHARACTERS],
            "owner_id": wanted.owner_id,
            "name": wanted.name,
            "scopes": " ".join(sorted(wanted.scopes)),
            "created_at": unix_s(),
            "expires_at": None if wanted.expires_in_s is None else unix_s() + wanted.expires_in_s,
            "last_used_at": None,
            "revoked_at": None,
        }
        await self._database.write("access.key.create", _create, row)
        return CreatedKey(key=key, **_shown(row))

    async def page(self, owner_id: str | None, before: str | None, limit: int) -> Sequence[Key]:
        """Keys of an owner (None: of everybody), newest first, from the one after id `before`."""
        rows = await self._database.read(repository.list_keys, owner_id, before, limit)
        return [Key(**_shown(row)) for row in rows]

    async def revoke(self, key_id: str, owner_id: str | None) -> None:
        """Revoke a key of this owner (None: of whoever). Raises `NotFound`."""
        if not await self._database.write("access.key.revoke", repository.revoke_key, key_id, owner_id, unix_s()):
            raise NotFound("There is no such key.")


def _create(tx: Tx, row: Mapping[str, Any]) -> None:
    erasing.refuse(tx, row["owner_id"])
    if repository.count_living_keys(tx, row["owner_id"], unix_s()) >= KEYS_MOST:
        raise TooManyKeys(f"{row['owner_id']} has {KEYS_MOST:,} keys that work; revoke some.")
    repository.add_key(tx, row)


def _shown(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    times = {name: None if row[name] is None else datetime.fromtimestamp(row[name], UTC) for name in moments}
    plain = {name: row[name] for name in ("key_id", "name", "owner_id", "shown")}
    return {**plain, **times, "scopes": row["scopes"].split()}
