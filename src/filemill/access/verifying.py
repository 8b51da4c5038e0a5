"""Who is this: every kind of credential, looked up where it is kept. The one place that turns a secret into a principal.

Credentials that are not good are refused alike, whether there was never such a key or it was revoked a second ago; what is
known of a key (that it has expired) is told only to whoever has it.
"""

import hmac
import time
from dataclasses import dataclass, field, replace

from sqlalchemy import RowMapping

from filemill.access import erasing, repository
from filemill.access.keys import PREFIX, digest_of, is_key
from filemill.access.logins import csrf_token_of
from filemill.access.oidc import Oidc
from filemill.access.oidc_tokens import Identity
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database
from filemill.chassis.errors import Unauthenticated
from filemill.chassis.identity.principal import FILES, Principal, Scope
from filemill.chassis.identity.service_assertions import PREFIX as ASSERTION_PREFIX
from filemill.chassis.identity.service_assertions import ServiceAssertions
from filemill.chassis.identity.tokens import IdentityReader, IdentitySigner
from filemill.chassis.sessions.store import SessionStore
from filemill.chassis.web.asking_access import CsrfFailed
from filemill.chassis.web.authentication import Shown
from filemill.chassis.web.upload_tokens import PREFIX as UPLOAD_PREFIX

TOKEN_AGAIN_S = 20.0
"""The same token is given again for so long: a service that has checked its signature need not do so each second."""
TOKENS_MOST = 10_000


@dataclass(slots=True)
class Verifier:
    """See `authentication.Authenticator`; `access` recognises its own callers with it, too."""

    database: Database
    sessions: SessionStore
    signer: IdentitySigner
    assertions: ServiceAssertions
    kinds: frozenset[str]
    oidc: Oidc | None = None
    _tokens: dict[Principal, tuple[str, float]] = field(default_factory=dict)
    _used: dict[str, float] = field(default_factory=dict)
    _reader: IdentityReader = field(init=False)

    def __post_init__(self) -> None:
        self._reader = IdentityReader(self.signer.public_keys())

    async def principal(self, shown: Shown) -> Principal | None:
        """See `Authenticator.principal`."""
        if shown.identity is not None:
            return self._reader.read(shown.identity)[0]
        if shown.bearer is not None and shown.bearer.startswith(UPLOAD_PREFIX):
            return None  # nobody known here: the service that takes upload tokens checks them, the others refuse them
        if shown.bearer is not None:
            return self._signed(await self._of_bearer(shown.bearer))
        if shown.session_id is not None:
            return self._signed(await self._of_session(shown))
        return None

    async def close(self) -> None:
        """See `Authenticator.close`; what it leans on is closed by whoever opened it."""

    async def _of_bearer(self, bearer: str) -> Principal:
        if bearer.startswith(ASSERTION_PREFIX):
            return self.assertions.read(bearer)
        if self.oidc is not None and not bearer.startswith(PREFIX):
            principal = of_identity(await self.oidc.access(bearer))
            if await self.database.read(erasing.is_open, principal.owner_id):
                raise Unauthenticated("Whoever this token is for is being erased here.")
            return principal
        if not is_key(bearer):
            raise Unauthenticated(f"This is not an API key; one begins with {PREFIX} and is copied whole.")
        if "keys" not in self.kinds:
            raise Unauthenticated("API keys are not taken here; log in, or send an access token.")
        row = await self.database.read(repository.key_by_digest, digest_of(bearer))
        if row is None or row["revoked_at"] is not None:
            raise Unauthenticated("There is no such key, or it was revoked.")
        if row["expires_at"] is not None and row["expires_at"] <= unix_s():
            raise Unauthenticated("This key has expired; make another one.")
        await self._note_use(row["key_id"])
        return Principal(row["owner_id"], _scopes(row), "key", row["key_id"])

    async def _of_session(self, shown: Shown) -> Principal:
        session_id = shown.session_id or ""
        row = await self.database.read(repository.login_by_digest, digest_of(session_id))
        if row is None or _is_over(row, unix_s()) or await self.sessions.get(session_id) is None:
            raise Unauthenticated("The session is over; log in again.")
        if shown.changes and not hmac.compare_digest(
            (shown.csrf_token or "").encode(), csrf_token_of(session_id).encode()
        ):
            raise CsrfFailed("Send the session's token as X-CSRF-Token; GET /session tells it.")
        return Principal(row["owner_id"], _scopes(row), "session", row["login_id"])

    def _signed(self, principal: Principal) -> Principal:
        kept = self._tokens.get(principal)
        now_s = time.monotonic()
        if kept is None or now_s >= kept[1]:
            if len(self._tokens) >= TOKENS_MOST:
                self._tokens.clear()
            kept = self._tokens[principal] = (self.signer.write(principal), now_s + TOKEN_AGAIN_S)
        return replace(principal, token=kept[0])

    async def _note_use(self, key_id: str) -> None:
        now_s = unix_s()
        if now_s - self._used.get(key_id, 0.0) < repository.USED_EVERY_S:
            return
        if len(self._used) >= TOKENS_MOST:
            self._used.clear()
        self._used[key_id] = now_s
        await self.database.write_unsynced("access.key.use", repository.note_use, key_id, now_s)


def of_identity(identity: Identity) -> Principal:
    """Whom an issuer names. Its scopes count if any is ours; most issuers have none, and then it is the three of files."""
    named = frozenset(scope for scope in FILES if scope.value in identity.scopes)
    admin = {Scope.ADMIN} if identity.is_admin else set()
    return Principal(identity.owner_id, (named or FILES) | admin, "oidc")


def _scopes(row: RowMapping) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in row["scopes"].split())


def _is_over(row: RowMapping, now_s: float) -> bool:
    """By itself, or because the key it was made with does not work any more."""
    key_is_over = row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now_s)
    return bool(row["ended"]) or row["ends_at"] <= now_s or key_is_over
