"""Links that work without credentials: one method, one path, until one moment, signed with a key of this installation.

Everything in the query is covered by the signature, so a link cannot be bent to another version, size or file.
Not for: links of a remote store (`store.SignsLinks`), who may ask for one (the endpoints).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from filemill.chassis.errors import Forbidden
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.signing_keys import name_of, signing_keys

_SIGNATURE, _KEY, _EXPIRES = "sig", "key", "expires"
_SCHEME = "filemill-link-1"


class SignatureExpired(Forbidden):
    code, title = "signature-expired", "This link has expired"


class SignatureInvalid(Forbidden):
    code, title = "signature-invalid", "This link was not signed by this installation, or was changed"


class LinkSigner:
    """Signs and checks. `keys`: the one that signs, then older ones that are still believed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {name_of(key): key.encode() for key in keys}
        self._newest = name_of(keys[0])

    def sign(self, method: str, path: str, expires_at: datetime, bound: Mapping[str, str]) -> str:
        """The query that makes `path` work for `method` until then; `bound` are parameters that cannot be changed."""
        query = {**bound, _EXPIRES: str(int(expires_at.timestamp())), _KEY: self._newest}
        return urlencode({**query, _SIGNATURE: self._signature(method, path, query)})

    def check(self, method: str, path: str, query: Sequence[tuple[str, str]], now: datetime) -> None:
        """Raises `SignatureInvalid`, `SignatureExpired` with the reason. `query`: all parameters, as they came."""
        given = dict(query)
        signature = given.pop(_SIGNATURE, None)
        if signature is None or len(given) + 1 != len(query) or given.get(_KEY) not in self._keys:
            raise SignatureInvalid()
        if not hmac.compare_digest(signature.encode(), self._signature(method, path, given).encode()):
            raise SignatureInvalid()
        expires_at = datetime.fromtimestamp(int(given[_EXPIRES]), UTC)
        if now >= expires_at:
            raise SignatureExpired(f"This link worked until {expires_at:%Y-%m-%d %H:%M:%S} UTC; ask for a new one.")

    def _signature(self, method: str, path: str, query: Mapping[str, str]) -> str:
        text = "\n".join([_SCHEME, method, path, urlencode(sorted(query.items()))])
        digest = hmac.digest(self._keys[query[_KEY]], text.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def build_signer(settings: ServiceSettings) -> LinkSigner:
    """The signer of this installation. Raises `StartError` if its keys are too short or cannot be read."""
    return LinkSigner(signing_keys(settings))
