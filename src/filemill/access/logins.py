"""Logins: a key is exchanged for a session, whose id is a browser's cookie.

The session itself lives in the shared store, an hour from its last use; here is what it may do and when it ends at the
latest. Both must say yes, so a session ends when either forgets it. Its CSRF token follows from its id, one way.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from filemill.access import erasing, repository
from filemill.access.keys import digest_of
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound
from filemill.chassis.identity.principal import Principal, Scope
from filemill.chassis.ids import new_id
from filemill.chassis.sessions.store import SessionStore
from filemill.contracts.access import Login

ENDS_AFTER_S = 12 * 3600.0
LISTED_MOST = 100
AGENT_MOST_CHARACTERS = 200
ADDRESS_MOST_CHARACTERS = 100
_CSRF = b"filemill-csrf-1"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a login comes from, for its owner to recognise it by."""

    address: str | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins of an installation."""

    database: Database
    sessions: SessionStore

    async def begin(self, principal: Principal, visitor: Visitor, old_session_id: str | None) -> str:
        """A fresh session of a caller, who is known by other means; returns its id. An old one of the browser ends."""
        if old_session_id is not None:
            await self.end(old_session_id)
        session = await self.sessions.create(principal.owner_id)
        now_s = unix_s()
        row = {
            "login_id": new_id(),
            "digest": digest_of(session.session_id),
            "owner_id": principal.owner_id,
            "scopes": " ".join(sorted(principal.scopes - {Scope.SERVICE})),
            "key_id": principal.credential_id if principal.how == "key" else None,
            "created_at": now_s,
            "ends_at": now_s + ENDS_AFTER_S,
            "address": visitor.address and visitor.address[:ADDRESS_MOST_CHARACTERS],
            "agent": visitor.agent and visitor.agent[:AGENT_MOST_CHARACTERS],
            "ended": False,
        }
        await self.database.write("access.login.begin", _begin, row, now_s)
        return session.session_id

    async def end(self, session_id: str) -> None:
        """Log out; nothing happens if it was over."""
        row = await self.database.read(repository.login_by_digest, digest_of(session_id))
        if row is not None:
            await self._end(row["login_id"], row["owner_id"])
        await self.sessions.delete(session_id)

    async def revoke(self, login_id: str, owner_id: str) -> None:
        """End a login of this owner on whatever machine it is. Raises `NotFound`."""
        if not await self._end(login_id, owner_id):
            raise NotFound("There is no such login.")

    async def of(self, owner_id: str, current: str | None) -> list[Login]:
        """The living logins of an owner, newest first; `current` is the id of the one that asks."""
        rows = await self.database.read(repository.list_logins, owner_id, unix_s(), LISTED_MOST)
        return [_shown(row, current) for row in rows]

    async def _end(self, login_id: str, owner_id: str) -> bool:
        return await self.database.write("access.login.end", repository.end_login, login_id, owner_id)


def _begin(tx: Tx, row: dict[str, Any], now_s: float) -> None:
    """Raises `OwnerBeingErased`."""
    erasing.refuse(tx, row["owner_id"])
    repository.add_login(tx, row, now_s)


def csrf_token_of(session_id: str) -> str:
    """The token that a page of ours reads and a foreign one cannot; it tells nothing about the id."""
    return base64.urlsafe_b64encode(hmac.digest(session_id.encode(), _CSRF, "sha256")).rstrip(b"=").decode("ascii")


def _shown(row: RowMapping, current: str | None) -> Login:
    return Login(
        login_id=row["login_id"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        ends_at=datetime.fromtimestamp(row["ends_at"], UTC),
        address=row["address"],
        agent=row["agent"],
        current=row["login_id"] == current,
    )
