"""How one of our own processes says who it is when nobody's request is at hand, and for whose files it asks.

A JWT (HS256) with the prefix `fms_`, signed with a key derived from the installation's signing keys, which only its processes
have. Whoever gets one asks `access`, as for any other credential, and `access` answers with an identity token; so every
service believes only `access`. Nothing is trusted for the network it came through.
"""

import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from filemill.chassis.clock import unix_s
from filemill.chassis.errors import Unauthenticated
from filemill.chassis.identity.principal import FILES, Principal, Scope
from filemill.chassis.signing_keys import name_of

PREFIX = "fms_"
LIFE_S = 60
FRESH_S = 30.0
"""An assertion is used again for so long: whoever gets it may keep the answer of `access` to it."""
KEPT_MOST = 1_000
TOKEN_MOST_CHARACTERS = 4096
_ALGORITHM = "HS256"
_PURPOSE = b"filemill-service-assertion-1"


class ServiceAssertions:
    """Writes and reads assertions. `keys`: those of `signing_keys`, the newest first."""

    def __init__(self, service: str, keys: Sequence[str]) -> None:
        self._service = service
        self._keys = {name_of(key): OctKey.import_key(hmac.digest(key.encode(), _PURPOSE, "sha256")) for key in keys}
        self._newest = name_of(keys[0])
        self._fresh: dict[str, tuple[str, float]] = {}

    def write(self, owner_id: str = "") -> str:
        """An assertion of this service, acting for the files of `owner_id`; without one, for the installation."""
        kept = self._fresh.get(owner_id)
        now_s = time.monotonic()
        if kept is not None and now_s < kept[1]:
            return kept[0]
        claims = {"iss": self._service, "sub": owner_id, "exp": int(unix_s()) + LIFE_S}
        token = PREFIX + jwt.encode({"alg": _ALGORITHM, "kid": self._newest}, claims, self._keys[self._newest])
        if len(self._fresh) >= KEPT_MOST:
            self._fresh.clear()
        self._fresh[owner_id] = (token, now_s + FRESH_S)
        return token

    def read(self, assertion: str) -> Principal:
        """Who says it. Raises `Unauthenticated`."""
        try:
            if len(assertion) > TOKEN_MOST_CHARACTERS:
                raise ValueError("too long")
            claims = jwt.decode(assertion.removeprefix(PREFIX), self._key_of, algorithms=[_ALGORITHM]).claims
            left_s = claims["exp"] - unix_s()
            principal = _principal(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated("The service's assertion was not made by this installation.") from error
        if not 0 < left_s <= 2 * LIFE_S:
            raise Unauthenticated("The service's assertion has expired; are the clocks of the machines the same?")
        return principal

    def _key_of(self, token: Any) -> OctKey:
        return self._keys[token.headers()["kid"]]


def _principal(claims: Mapping[str, Any]) -> Principal:
    service, owner_id = str(claims["iss"]), str(claims["sub"])
    return Principal(owner_id or f"service:{service}", FILES | {Scope.SERVICE}, "service", service)
