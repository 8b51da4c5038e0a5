"""Upload tokens: what an app gives to a browser so that it may send files, and nothing else, for a short while.

A token is a JWT (RFC 7519, HS256) with the prefix `fmu_`, signed with a key of this installation. It says for whom files are
made, how many, how large, of which types, and until when. Who checks one asks nobody; how many files it made is counted where
they are made. A new token goes on with what an old one began.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from filemill.chassis.errors import Unauthenticated
from filemill.chassis.signing_keys import name_of

PREFIX = "fmu_"
TOKEN_MOST_CHARACTERS = 4096
_ALGORITHM = "HS256"
_PURPOSE = b"filemill-upload-token-1"
"""Keys are derived, so that nothing that is signed for another purpose passes for a token."""


class TokenExpired(Unauthenticated):
    code, title = "token-expired", "This upload token has expired"


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """What one token allows: `files` in all, each of at most `max_bytes` (None: as everybody's) and of these `types`.

    Types are patterns; none allows all.
    """

    token_id: str
    owner_id: str
    expires_at: datetime
    files: int
    max_bytes: int | None
    types: tuple[str, ...]


class UploadTokens:
    """Writes and reads tokens. `keys`: the one that signs, then older ones that are still believed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {name_of(key): OctKey.import_key(hmac.digest(key.encode(), _PURPOSE, "sha256")) for key in keys}
        self._newest = name_of(keys[0])

    def write(self, grant: UploadGrant) -> str:
        """The token. Whoever has it may do what it says; it is shown once and kept nowhere."""
        claims = {
            "jti": grant.token_id,
            "sub": grant.owner_id,
            "exp": int(grant.expires_at.timestamp()),
            "files": grant.files,
            "max_bytes": grant.max_bytes,
            "types": list(grant.types),
        }
        return PREFIX + jwt.encode({"alg": _ALGORITHM, "kid": self._newest}, claims, self._keys[self._newest])

    def read(self, token: str, now: datetime) -> UploadGrant:
        """What a token allows. Raises `TokenExpired`, `Unauthenticated`; only a new token helps."""
        try:
            if len(token) > TOKEN_MOST_CHARACTERS:
                raise Unauthenticated("No upload token is that long.")
            claims = jwt.decode(token.removeprefix(PREFIX), self._key_of, algorithms=[_ALGORITHM]).claims
            grant = _grant(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated("The upload token was not made by this installation, or was changed.") from error
        if now >= grant.expires_at:
            raise TokenExpired(f"It worked until {grant.expires_at:%Y-%m-%d %H:%M:%S} UTC; ask your app for a new one.")
        return grant

    def _key_of(self, token: Any) -> OctKey:
        return self._keys[token.headers()["kid"]]


def token_in(headers: Mapping[str, str]) -> str | None:
    """The upload token a request shows as its `Authorization: Bearer`, if it shows one."""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    shown = shown.strip()
    return shown if scheme.lower() == "bearer" and shown.startswith(PREFIX) else None


def _grant(claims: Mapping[str, Any]) -> UploadGrant:
    return UploadGrant(
        token_id=claims["jti"],
        owner_id=claims["sub"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        files=claims["files"],
        max_bytes=claims["max_bytes"],
        types=tuple(claims["types"]),
    )
