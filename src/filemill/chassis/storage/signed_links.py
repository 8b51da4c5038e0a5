"""Links that work without credentials: one method, one path, until one moment, signed with a key of this installation.

Everything in the query is covered by the signature, so a link cannot be bent to another version, size or file. Keys are
rotated with overlap: the first signs, every one listed is believed. They come from `FILEMILL_SIGNING_KEYS` (separated by
commas, newest first), else from the file `signing-keys` in the data folder, one a line, which the first start writes.
Not for: links of a remote store (`store.SignsLinks`), who may ask for one (the endpoints).
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from filemill.chassis.durable_folder import make_durable, sync, sync_folder
from filemill.chassis.errors import Forbidden, StartError
from filemill.chassis.ids import new_id
from filemill.chassis.settings import ServiceSettings

KEY_LEAST_CHARACTERS = 32
KEY_BYTES = 32
_KEYS_FILE = "signing-keys"
_SIGNATURE, _KEY, _EXPIRES = "sig", "key", "expires"
_SCHEME = "filemill-link-1"


class SignatureExpired(Forbidden):
    code, title = "signature-expired", "This link has expired"


class SignatureInvalid(Forbidden):
    code, title = "signature-invalid", "This link was not signed by this installation, or was changed"


class LinkSigner:
    """Signs and checks. `keys`: the one that signs, then older ones that are still believed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {_name(key): key.encode() for key in keys}
        self._newest = _name(keys[0])

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
    if settings.signing_keys is not None:
        name, text = "FILEMILL_SIGNING_KEYS", settings.signing_keys.get_secret_value()
    else:
        path = settings.data_dir / _KEYS_FILE
        name, text = str(path), _keys_in(path)
    keys = [key for line in text.splitlines() for key in (part.strip() for part in line.split(",")) if key]
    if not keys or any(len(key) < KEY_LEAST_CHARACTERS for key in keys):
        raise StartError(
            f"{name}: each key needs at least {KEY_LEAST_CHARACTERS} characters; `openssl rand -hex 32` makes one"
        )
    return LinkSigner(keys)


def _keys_in(path: Path) -> str:
    try:
        if not path.exists():
            _write_first_key(path)
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be used: {error}; set FILEMILL_SIGNING_KEYS instead") from error


def _write_first_key(path: Path) -> None:
    """Services that start together must agree: whoever links its file first has written the key."""
    make_durable(path.parent)
    fresh = path.with_name(f"{_KEYS_FILE}.{new_id()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        sync(file.fileno(), os.fsync)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its key is the one
    finally:
        fresh.unlink()
    sync_folder(path.parent)


def _name(key: str) -> str:
    """What a link says of its key: enough to find it, nothing about it."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]
