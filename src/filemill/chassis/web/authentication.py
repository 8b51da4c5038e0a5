"""Who asks: the port by which a service recognises a caller, and what a request shows for it. Chosen by `build_authenticator`.

The order: a token of the edge, then `Authorization: Bearer`, then the session's cookie. A cookie is sent by a browser without
being asked, so what changes something also needs the session's CSRF token, which only our own page can read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from filemill.chassis.errors import Unauthenticated
from filemill.chassis.identity.principal import LOCAL, Principal
from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.sessions.store import is_session_id

SCOPE_KEY = "filemill.authenticator"
"""Where the edge of a service puts what recognises callers."""
COOKIE = "filemill_session"
CSRF_HEADER = "x-csrf-token"
METHOD_HEADER = "x-original-method"
"""How an edge that asks `access` tells which method it asks for."""
CREDENTIAL_MOST_CHARACTERS = 8192
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Shown:
    """The credentials of one request. `changes`: whether it is one that a foreign page must not make a browser send."""

    identity: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    session_id: str | None = field(default=None, repr=False)
    csrf_token: str | None = field(default=None, repr=False)
    changes: bool = False


NOTHING = Shown()


def shown_by(headers: Mapping[str, str], method: str) -> Shown:
    """What a request shows, and no more of it than counts. Raises `Unauthenticated` for what no credential can be."""
    identity = headers.get(IDENTITY_HEADER)
    if identity:
        return Shown(identity=_plain(identity))
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not value.strip():
            raise Unauthenticated("Send `Authorization: Bearer` with an API key.")
        return Shown(bearer=_plain(value.strip()))
    session_id = session_id_in(headers)
    if session_id is None:
        return NOTHING
    changes = method not in _SAFE_METHODS
    csrf_token = headers.get(CSRF_HEADER) if changes else None
    return Shown(session_id=session_id, csrf_token=csrf_token and _plain(csrf_token), changes=changes)


def session_id_in(headers: Mapping[str, str]) -> str | None:
    """The session of a browser; of two with our name none is ours (a foreign page of a sub-domain can add one)."""
    parts = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    found = [value for name, _, value in parts if name == COOKIE]
    return found[0] if len(found) == 1 and is_session_id(found[0]) else None


def _plain(credential: str) -> str:
    """Every credential of ours is visible ASCII; anything else is not looked up, and not handed on in a header."""
    if len(credential) > CREDENTIAL_MOST_CHARACTERS or not (credential.isascii() and credential.isprintable()):
        raise Unauthenticated("No credential of this installation looks like that.")
    return credential


class Authenticator(Protocol):
    """Recognises callers."""

    async def principal(self, shown: Shown) -> Principal | None:
        """The caller; None if nothing was shown.

        Raises `Unauthenticated` and `CsrfFailed` (only other credentials help), `Unavailable` (a retry helps).
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Everybody:
    """`FILEMILL_AUTH=none`: whoever reaches this is the local user, who may everything; credentials are not looked at."""

    async def principal(self, shown: Shown) -> Principal | None:  # noqa: ARG002 - the port's
        """See `Authenticator.principal`."""
        return LOCAL

    async def close(self) -> None:
        """See `Authenticator.close`."""
