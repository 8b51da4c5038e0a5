"""The keys with which this installation signs what it will believe later: links, upload tokens.

They come from `FILEMILL_SIGNING_KEYS` (separated by commas, newest first), else from the file `signing-keys` in the data
folder, one a line, which the first start writes. They are rotated with overlap: the first signs, every one is believed.
"""

import hashlib
import os
import secrets
from pathlib import Path

from filemill.chassis.durable_folder import make_durable, sync, sync_folder
from filemill.chassis.errors import StartError
from filemill.chassis.ids import new_id
from filemill.chassis.settings import ServiceSettings

KEY_LEAST_CHARACTERS = 32
KEY_BYTES = 32
_FILE = "signing-keys"


def signing_keys(settings: ServiceSettings) -> list[str]:
    """The keys, newest first. Raises `StartError` if they are too short or cannot be read."""
    if settings.signing_keys is not None:
        name, text = "FILEMILL_SIGNING_KEYS", settings.signing_keys.get_secret_value()
    else:
        path = settings.data_dir / _FILE
        name, text = str(path), _keys_in(path)
    keys = [key for line in text.splitlines() for key in (part.strip() for part in line.split(",")) if key]
    if not keys or any(len(key) < KEY_LEAST_CHARACTERS for key in keys):
        raise StartError(
            f"{name}: each key needs at least {KEY_LEAST_CHARACTERS} characters; `openssl rand -hex 32` makes one"
        )
    return keys


def name_of(key: str) -> str:
    """What a signed thing says of its key: enough to find it, nothing about it."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


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
    fresh = path.with_name(f"{_FILE}.{new_id()}")
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
