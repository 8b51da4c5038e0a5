"""Whether a JWT of the issuer is to be believed, and what it says: signature, issuer, audience, times, claims.

Fixed algorithms, all with public keys: `none` and HMAC are not in the list, so a public key is never taken for a secret.
Keys come from the issuer's own set only; `jku`, `jwk` and `x5u` of a token are never looked at. On failure: `Unauthenticated`
(a retry is useless), `Unavailable` while the issuer's keys cannot be had.
Sources: RFC 7519, RFC 8725, RFC 9068, OpenID Connect Core 3.1.3.7.
"""

import hmac
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import ExpiredTokenError, JoseError, SecurityWarning
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from filemill.access.oidc_provider import Provider, PublicKey
from filemill.chassis.bounds import CONTROLS, deeper_than
from filemill.chassis.clock import unix_s
from filemill.chassis.errors import Unauthenticated

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519")
TOKEN_MOST_BYTES = 8 * 1024
SKEW_MOST_S = 60
CLAIMS_MOST_DEPTH = 8
OWNER_MOST_CHARACTERS = 200
SCOPES_MOST = 100
_LATEST_S = 253_402_300_799
"""The last second of the year 9999: what is later is no time."""
_ACCESS_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash")

_REGISTRY = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)

WallClock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator said. `admin_claim` may be a path (`realm_access.roles`); unset: nobody is an administrator."""

    issuer: str
    audience: str
    client_id: str
    owner_claim: str = "sub"
    admin_claim: str | None = None
    admin_value: str | None = None
    skew_s: int = SKEW_MOST_S


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token is about, and what it allows, until `expires_at_s` (Unix seconds)."""

    subject: str
    owner_id: str
    scopes: frozenset[str]
    is_admin: bool
    expires_at_s: float


class Tokens:
    """Reads tokens of one issuer."""

    def __init__(self, rules: Rules, provider: Provider, *, clock: WallClock = unix_s) -> None:
        self._rules = rules
        self._provider = provider
        self._clock = clock

    async def access(self, token: str) -> Identity:
        """The identity in an access token. Raises `Unauthenticated`, `Unavailable`."""
        header, claims = await self._verified(token, self._rules.audience)
        kind = header.get("typ")
        said = kind.lower() if isinstance(kind, str) else kind
        if said is not None and said not in _ACCESS_TYPES:
            raise Unauthenticated("This token is not an access token.")
        # Some issuers give both the same audience; what is for the login page must not open the API (RFC 9068, 5).
        if said in (None, "jwt") and any(name in claims for name in _OF_ID_TOKENS):
            raise Unauthenticated("This is an id token; send the access token.")
        return self._identity(claims)

    async def id_token(self, token: str, nonce: str) -> Identity:
        """The identity in the id token of a login. Raises `Unauthenticated`, `Unavailable`."""
        _, claims = await self._verified(token, self._rules.client_id)
        said = claims.get("nonce")
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
            raise Unauthenticated("The id token belongs to another login.")
        others = claims["aud"] if isinstance(claims["aud"], list) else []
        party = claims.get("azp")
        if party not in (None, self._rules.client_id) or (len(others) > 1 and party is None):
            raise Unauthenticated("The id token was made for another client.")
        return self._identity(claims)

    async def _verified(self, token: str, audience: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
        if len(token) > TOKEN_MOST_BYTES:
            raise Unauthenticated(f"A token has at most {TOKEN_MOST_BYTES} bytes.")
        try:
            raw = token.encode("ascii")
            unverified = jws.extract_compact(raw).headers()
        except (JoseError, ValueError) as error:
            raise Unauthenticated("The token is not a signed JWT.") from error
        algorithm, key_id = unverified.get("alg"), unverified.get("kid")
        if algorithm not in ALGORITHMS or "crit" in unverified:
            raise Unauthenticated("The token is not signed in a way that is taken here.")
        if key_id is not None and (not isinstance(key_id, str) or not 0 < len(key_id) <= 200):
            raise Unauthenticated("The token does not name its key.")
        key = await self._provider.key(key_id)
        claims = _signed(raw, key, algorithm)
        if claims is None and key_id is None:  # nothing tells that the only key was rotated but this
            await self._provider.look_again()
            claims = _signed(raw, await self._provider.key(None), algorithm)
        if claims is None:
            raise Unauthenticated("The signature of the token is not valid.")
        self._check(claims, audience)
        return unverified, claims

    def _check(self, claims: Any, audience: str) -> None:
        if not isinstance(claims, dict) or deeper_than(claims, CLAIMS_MOST_DEPTH):
            raise Unauthenticated("The token has no claims.")
        for name in ("exp", "nbf", "iat"):
            if name in claims and not _is_time(claims[name]):
                raise Unauthenticated(f"The claim {name} is no time.")
        wanted = JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=self._rules.skew_s,
            iss={"essential": True, "value": self._rules.issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            wanted.validate(claims)
        except ExpiredTokenError as error:
            raise Unauthenticated("The token has expired.") from error
        except JoseError as error:
            raise Unauthenticated(
                f"The token is not for here, or not for now ({getattr(error, 'claim', None) or 'claims'})."
            ) from error

    def _identity(self, claims: dict[str, Any]) -> Identity:
        owner = claims.get(self._rules.owner_claim)
        if not isinstance(owner, str) or not 0 < len(owner) <= OWNER_MOST_CHARACTERS or CONTROLS.search(owner):
            raise Unauthenticated(f"The claim {self._rules.owner_claim} of the token names no owner.")
        return Identity(
            claims["sub"], owner, _scopes(claims.get("scope")), self._is_admin(claims), float(claims["exp"])
        )

    def _is_admin(self, claims: dict[str, Any]) -> bool:
        rules = self._rules
        if not rules.admin_claim or not rules.admin_value:
            return False
        found: Any = claims.get(rules.admin_claim)
        if found is None:
            found = claims
            for part in rules.admin_claim.split("."):
                found = found.get(part) if isinstance(found, dict) else None
        return found == rules.admin_value or (isinstance(found, list) and rules.admin_value in found)


def _signed(raw: bytes, key: PublicKey, algorithm: str) -> Any:
    """What is signed with this key, as JSON; None if it is not, or with another algorithm than the key is for."""
    if key.alg not in (None, algorithm):
        return None
    try:
        with warnings.catch_warnings():
            # RFC 9864 has a new name for EdDSA; issuers go on using the old one, and the library says so each time.
            warnings.simplefilter("ignore", SecurityWarning)
            return orjson.loads(jws.deserialize_compact(raw, key, registry=_REGISTRY).payload)
    except (JoseError, ValueError, TypeError):
        return None


def _scopes(said: Any) -> frozenset[str]:
    """RFC 9068 has one text with spaces; some issuers send a list."""
    words = said.split(" ") if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(word for word in words[:SCOPES_MOST] if isinstance(word, str) and word)


def _is_time(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and 0 <= value <= _LATEST_S
    )
