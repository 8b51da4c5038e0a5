"""Identity tokens: what `access` says of a caller, signed, for 60 seconds. A service needs only the public key to believe it.

A JWT (RFC 7519) signed with Ed25519 (RFC 8037, RFC 9864). It passes between the edge and the services and is never given to
a client. The private key is `FILEMILL_IDENTITY_KEYS` (hexadecimal, 32 bytes each, newest first, for `access` only), else the
file `identity-key` in the data folder.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from filemill.chassis.clock import unix_s
from filemill.chassis.errors import StartError, Unauthenticated
from filemill.chassis.identity.principal import Principal, Scope
from filemill.chassis.secret_file import secret_in
from filemill.chassis.settings import ServiceSettings

HEADER = "x-filemill-identity"
LIFE_S = 60
TOKEN_MOST_CHARACTERS = 4096
_ALGORITHM = "Ed25519"
_ISSUER = "filemill-access"
_FILE = "identity-key"
KEY_BYTES = 32


class IdentitySigner:
    """Writes tokens. Only `access` has one."""

    def __init__(self, seeds: list[bytes]) -> None:
        keys = [OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed)) for seed in seeds]
        self._keys = {_name(key): key for key in keys}
        self._newest = next(iter(self._keys))

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> "IdentitySigner":
        """The signer of this installation. Raises `StartError`."""
        if settings.identity_keys is not None:
            name, text = "FILEMILL_IDENTITY_KEYS", settings.identity_keys.get_secret_value()
        else:
            path = settings.data_dir / _FILE
            name, text = str(path), secret_in(path, "FILEMILL_IDENTITY_KEYS")
        try:
            seeds = [bytes.fromhex(part) for line in text.splitlines() for part in line.split(",") if part.strip()]
        except ValueError:
            seeds = []
        if not seeds or any(len(seed) != KEY_BYTES for seed in seeds):
            raise StartError(
                f"{name}: each key is {KEY_BYTES * 2} hexadecimal digits; `openssl rand -hex 32` makes one"
            )
        return cls(seeds)

    def write(self, principal: Principal) -> str:
        """A token for 60 seconds from now."""
        now_s = int(unix_s())
        claims = {
            "iss": _ISSUER,
            "sub": principal.owner_id,
            "scopes": sorted(principal.scopes),
            "how": principal.how,
            "cid": principal.credential_id,
            "iat": now_s,
            "exp": now_s + LIFE_S,
        }
        header = {"alg": _ALGORITHM, "kid": self._newest}
        return jwt.encode(header, claims, self._keys[self._newest], algorithms=[_ALGORITHM])

    def public_keys(self) -> list[dict[str, Any]]:
        """The public halves, as JSON Web Keys (RFC 7517), for those who read."""
        return [{**key.as_dict(private=False), "kid": name, "alg": _ALGORITHM} for name, key in self._keys.items()]


class IdentityReader:
    """Reads tokens, with public keys only."""

    def __init__(self, public_keys: list[dict[str, Any]]) -> None:
        self._keys = {_name(key): key for key in (OKPKey.import_key(dict(one)) for one in public_keys)}

    def knows(self, token: str) -> bool:
        """Whether the token says it was signed with one of these keys. Proves nothing."""
        try:
            return _key_id(token) in self._keys
        except (JoseError, ValueError, KeyError):
            return False

    def read(self, token: str) -> tuple[Principal, float]:
        """The caller, and until when (Unix seconds) the token holds. Raises `Unauthenticated`."""
        try:
            if len(token) > TOKEN_MOST_CHARACTERS:
                raise ValueError("too long")
            claims = jwt.decode(token, self._keys[_key_id(token)], algorithms=[_ALGORITHM]).claims
            if claims["iss"] != _ISSUER:
                raise ValueError("from somebody else")
            principal, ends_at = _principal(claims, token), float(claims["exp"])
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated("The identity token was not made by this installation.") from error
        left_s = ends_at - unix_s()
        if not 0 < left_s <= 2 * LIFE_S:  # a clock that is ahead of access's by a minute is a clock to mend
            raise Unauthenticated("The identity token has expired.")
        return principal, ends_at


def _principal(claims: Mapping[str, Any], token: str) -> Principal:
    scopes = frozenset(Scope(scope) for scope in claims["scopes"])
    return Principal(str(claims["sub"]), scopes, claims["how"], claims["cid"], token)


def _key_id(token: str) -> str:
    head = token.partition(".")[0]
    return str(orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def _name(key: OKPKey) -> str:
    """The name of a key follows from the key, so nobody has to be told it (RFC 7638 in spirit)."""
    return hashlib.sha256(str(key.as_dict(private=False)["x"]).encode("ascii")).hexdigest()[:16]
