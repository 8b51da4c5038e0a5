"""Who calls, asked once for all services: the local gateway's question to `access`, kept for less than a second.

What `access` says, signed, goes on in the place of the credentials. Who shows nothing, or something that is no good, and
whoever cannot be asked about, is passed on as they came: the service decides, and its refusal counts the caller.
Not for: deciding what somebody may, or refusing anybody.
"""

from __future__ import annotations

from typing import Protocol

from filemill.chassis.errors import FilemillError
from filemill.chassis.identity.principal import Principal
from filemill.chassis.web.authentication import CSRF_HEADER, NOTHING, Shown, shown_by
from filemill.chassis.web.upload_tokens import token_in
from filemill.gateway.heads import RequestHead

_CREDENTIALS = {name.encode(): name for name in ("authorization", "cookie", CSRF_HEADER)}


class Asking(Protocol):
    """Recognises callers and knows some of them without asking (`chassis.web.asking_access`)."""

    def at_hand(self, shown: Shown) -> Principal | None: ...

    async def principal(self, shown: Shown) -> Principal | None: ...

    async def close(self) -> None: ...


class Callers:
    """Turns what a request shows into an identity token."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def shown(self, head: RequestHead) -> Shown | None:
        """What there is to ask about. None: nothing, or an upload token, which only the service that takes it can read."""
        found: dict[str, str] = {}
        for lowered, _, value in head.headers:
            if lowered in _CREDENTIALS:
                if _CREDENTIALS[lowered] in found:
                    return None  # two of them: whichever the service looks at, it is for it to say
                found[_CREDENTIALS[lowered]] = value.decode("latin-1")
        if not found or token_in(found) is not None:
            return None
        try:
            shown = shown_by(found, head.method.decode("ascii"))
        except FilemillError:
            return None
        return None if shown == NOTHING else shown

    def at_hand(self, shown: Shown) -> str | None:
        """The token, if `access` was asked a moment ago."""
        principal = self._asking.at_hand(shown)
        return principal.token if principal is not None else None

    async def ask(self, shown: Shown) -> str | None:
        """The token; None for a caller that is not known, or that cannot be asked about."""
        try:
            principal = await self._asking.principal(shown)
        except FilemillError:
            return None
        return principal.token if principal is not None else None

    async def close(self) -> None:
        """Let go of every connection."""
        await self._asking.close()
