"""Small secrets that must be read again, sealed (JWE, A256GCM) with a key derived from the installation's signing keys.

Whoever has what is sealed without the signing keys, which are a file or a variable of their own, reads nothing. The first
signing key seals, every one opens, as with links. What was sealed for one purpose does not open for another.
On failure: `Unreadable`.
"""

import base64
import hmac
from collections.abc import Sequence

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from filemill.chassis.signing_keys import name_of


class Unreadable(Exception):
    """No key of this installation opens it."""


class Seal:
    """Closes and opens secrets."""

    def __init__(self, signing_keys: Sequence[str], purpose: bytes) -> None:
        self._keys = {
            name_of(key): OctKey.import_key(hmac.digest(key.encode(), purpose, "sha256")) for key in signing_keys
        }
        self._newest = name_of(signing_keys[0])

    def close(self, secret: str) -> str:
        """What is kept of a secret."""
        header = {"alg": "dir", "enc": "A256GCM", "kid": self._newest}
        return jwe.encrypt_compact(header, secret.encode(), self._keys[self._newest])

    def open(self, sealed: str) -> str:
        """The secret again. Raises `Unreadable`."""
        for key in self._keys.values():
            try:
                plain = jwe.decrypt_compact(sealed, key).plaintext
            except (JoseError, ValueError):
                continue
            if plain:
                return plain.decode()
        raise Unreadable

    def is_newest(self, sealed: str) -> bool:
        """Whether the newest key closed it, by what it says of its key."""
        head = sealed.partition(".")[0]
        try:
            said = orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        except ValueError:
            return False
        return isinstance(said, dict) and said.get("kid") == self._newest

    def again(self, sealed: str) -> str:
        """The same secret under the newest key: rows are brought along before an old key is taken away."""
        return self.close(self.open(sealed))
