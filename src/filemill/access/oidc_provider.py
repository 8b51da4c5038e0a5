"""What the issuer publishes: its endpoints (discovery) and its keys, cached, followed when they are rotated.

Keys are looked at again each ten minutes, and at once for a token with an unknown key id, but not more often than each
half minute, whoever sends what. While the issuer is away the last good keys count for some hours; then nobody can be
believed, and the answer is `Unavailable`. Sources: OpenID Connect Discovery 1.0, RFC 7517, RFC 8414.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from filemill.access.oidc_http import IssuerHttp, is_safe
from filemill.chassis.errors import Unauthenticated, Unavailable

FRESH_S = 600.0
REFETCH_LEAST_S = 30.0
"""Between two looks for an unknown key id: a flood of made-up ids makes two calls a minute."""
RETRY_LEAST_S = 5.0
"""Between two calls of an issuer that is away."""
LAST_GOOD_MOST_S = 6 * 3600.0
KEYS_MOST = 50
RSA_LEAST_BITS = 2048

_NAMELESS = ""
"""The id of a key without one; no token can name it."""

PublicKey = RSAKey | ECKey | OKPKey
Clock = Callable[[], float]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the issuer answers. `names_itself`: the answer of a login says `iss` (RFC 9207)."""

    authorization: str
    token: str
    keys: str
    names_itself: bool


class Provider:
    """One issuer, as it describes itself. `clock` gives monotonic seconds."""

    def __init__(self, issuer: str, http: IssuerHttp, *, clock: Clock = time.monotonic) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._endpoints: Endpoints | None = None
        self._keys: dict[str, PublicKey] = {}
        self._good_at = self._asked_at = float("-inf")
        self._is_away = False
        self._looking: asyncio.Task[None] | None = None

    async def endpoints(self) -> Endpoints:
        """Where the issuer answers. Raises `Unavailable`."""
        if self._endpoints is None:
            await self._refresh(RETRY_LEAST_S)
        if self._endpoints is None:
            raise Unavailable("The issuer of logins cannot be asked; try again in a moment.")
        return self._endpoints

    async def key(self, key_id: str | None) -> PublicKey:
        """The key of this id; None: the only one there is (OpenID Connect Core, 10.1).

        Raises `Unauthenticated` if the issuer has none, `Unavailable` if that cannot be known.
        """
        found = self._find(key_id)
        if found is not None and FRESH_S < self._age_s() <= LAST_GOOD_MOST_S:
            self._refresh_beside()
        elif found is None or self._age_s() > FRESH_S:
            await self.look_again()
        if self._age_s() > LAST_GOOD_MOST_S:
            raise Unavailable("The keys of the issuer of logins cannot be fetched; try again in a moment.")
        found = self._find(key_id)
        if found is None and self._is_away:
            raise Unavailable("The issuer of logins cannot be asked for a key; try again in a moment.")
        if found is None:
            raise Unauthenticated("The token is signed with a key that its issuer does not have, or does not name it.")
        return found

    async def look_again(self) -> None:
        """The keys may have changed: look, unless that was done just now."""
        is_first = self._good_at == float("-inf")
        await self._refresh(RETRY_LEAST_S if self._is_away or is_first else REFETCH_LEAST_S)

    def _find(self, key_id: str | None) -> PublicKey | None:
        if key_id is not None:
            return self._keys.get(key_id)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()

    def _refresh_beside(self) -> None:
        """Keys that were good a while ago are believed while somebody looks: no request waits for a slow issuer."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._refresh(RETRY_LEAST_S))

    def _age_s(self) -> float:
        return self._clock() - self._good_at

    async def _refresh(self, least_s: float) -> None:
        """Look again, unless somebody did less than `least_s` ago; all who wait share one look. Never raises."""
        before = self._asked_at
        async with self._lock:
            if self._asked_at != before or self._clock() - self._asked_at < least_s:
                return
            self._asked_at = self._clock()
            try:
                endpoints = self._described(
                    await self._http.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                )
                keys = _usable(await self._http.get(endpoints.keys))
            except Unavailable as error:
                self._is_away = True
                _log.warning("oidc.issuer.away", issuer=self._issuer, problem=error.detail)
                return
            self._endpoints, self._keys, self._is_away = endpoints, keys, False
            self._good_at = self._clock()

    def _described(self, said: dict[str, Any]) -> Endpoints:
        """Raises `Unavailable` for a description of another issuer, or with addresses that cannot be trusted."""
        if said.get("issuer") != self._issuer:
            raise Unavailable("The issuer of logins describes itself as another one.")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not all(is_safe(said.get(name)) for name in names):
            raise Unavailable("The issuer of logins names addresses that are not https://.")
        authorization, token, keys = (str(said[name]) for name in names)
        return Endpoints(authorization, token, keys, said.get("authorization_response_iss_parameter_supported") is True)


def _usable(said: dict[str, Any]) -> dict[str, PublicKey]:
    """The public signing keys of a set by id; what we do not know, or is too weak, is left out. Raises `Unavailable`."""
    listed = said.get("keys")
    if not isinstance(listed, list):
        raise Unavailable("The issuer of logins has no list of keys.")
    found: dict[str, PublicKey] = {}
    for one in listed[:KEYS_MOST]:
        if (
            not isinstance(one, dict)
            or one.get("use", "sig") != "sig"
            or not isinstance(one.get("kid", _NAMELESS), str)
        ):
            continue
        if not _is_strong(one):
            continue
        try:
            key = JWKRegistry.import_key(one)
        except (JoseError, UnsupportedAlgorithm, OverflowError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey) and not key.is_private:
            found.setdefault(one.get("kid", _NAMELESS), key)
    return found


def _is_strong(jwk: dict[str, Any]) -> bool:
    """By the modulus as it is written, six bits a character."""
    modulus = jwk.get("n")
    return jwk.get("kty") != "RSA" or (isinstance(modulus, str) and len(modulus.strip("=")) * 6 >= RSA_LEAST_BITS)
