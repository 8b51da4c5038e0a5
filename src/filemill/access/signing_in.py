"""A person logs in at the issuer's page and comes back: what the browser carries meanwhile, and where it goes then.

The login under way is a cookie, sealed, so that no server keeps it and only this browser can end it; the issuer takes its
code once. On failure: `Unauthenticated` (begin anew), `Unavailable`.
"""

from dataclasses import asdict, dataclass

import orjson

from filemill.access.oidc_login import Login, Started
from filemill.access.oidc_tokens import Identity
from filemill.chassis.clock import unix_s
from filemill.chassis.errors import BadRequest, Unauthenticated
from filemill.chassis.sealing import Seal, Unreadable

COOKIE = "filemill_login"
PURPOSE = b"filemill-login-1"
LIFE_S = 600
PLACE_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Begins and ends logins."""

    login: Login
    seal: Seal

    async def begin(self, redirect_uri: str, to: str) -> tuple[str, str]:
        """(where the browser goes, its cookie). `to`: where it goes when it is back. Raises `BadRequest`, `Unavailable`."""
        started = await self.login.begin(redirect_uri)
        kept = asdict(started) | {"url": "", "to": own_place(to), "until": unix_s() + LIFE_S}
        return started.url, self.seal.close(orjson.dumps(kept).decode())

    async def end(self, cookie: str | None, code: str, state: str, issuer: str | None) -> tuple[Identity, str]:
        """(who it is, where to go). Raises `Unauthenticated`, `Unavailable`."""
        try:
            kept = orjson.loads(self.seal.open(cookie or ""))
        except Unreadable as error:
            raise Unauthenticated("No login of this browser is under way; begin anew.") from error
        to, until = kept.pop("to"), kept.pop("until")
        if unix_s() > until:
            raise Unauthenticated("The login took too long; begin anew.")
        return await self.login.complete(Started(**kept), state=state, code=code, issuer=issuer), to


def own_place(to: str) -> str:
    """A path of ours, so that a link cannot lead through our login to somebody else's page. Raises `BadRequest`."""
    plain = len(to) <= PLACE_MOST_CHARACTERS and to.isascii() and to.isprintable()
    if not plain or not to.startswith("/") or to.startswith("//") or "\\" in to:
        raise BadRequest("to: a path of this installation, beginning with one slash")
    return to
