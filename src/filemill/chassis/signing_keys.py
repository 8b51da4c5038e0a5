"""The keys with which this installation signs what it will believe later: links, upload tokens.

They come from `FILEMILL_SIGNING_KEYS` (separated by commas, newest first), else from the file `signing-keys` in the data
folder, one a line, which the first start writes. They are rotated with overlap: the first signs, every one is believed.
"""

import hashlib

from filemill.chassis.errors import StartError
from filemill.chassis.secret_file import secret_in
from filemill.chassis.settings import ServiceSettings

KEY_LEAST_CHARACTERS = 32
_FILE = "signing-keys"


def signing_keys(settings: ServiceSettings) -> list[str]:
    """The keys, newest first. Raises `StartError` if they are too short or cannot be read."""
    if settings.signing_keys is not None:
        name, text = "FILEMILL_SIGNING_KEYS", settings.signing_keys.get_secret_value()
    else:
        path = settings.data_dir / _FILE
        name, text = str(path), secret_in(path, "FILEMILL_SIGNING_KEYS")
    keys = [key for line in text.splitlines() for key in (part.strip() for part in line.split(",")) if key]
    if not keys or any(len(key) < KEY_LEAST_CHARACTERS for key in keys):
        raise StartError(
            f"{name}: each key needs at least {KEY_LEAST_CHARACTERS} characters; `openssl rand -hex 32` makes one"
        )
    return keys


def name_of(key: str) -> str:
    """What a signed thing says of its key: enough to find it, nothing about it."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]
