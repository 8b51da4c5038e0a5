"""A secret that this installation makes for itself: a file in the data folder, written by whichever process starts first."""

import os
import secrets
from pathlib import Path

from filemill.chassis.durable_folder import make_durable, sync, sync_folder
from filemill.chassis.errors import StartError
from filemill.chassis.ids import new_id

SECRET_BYTES = 32


def secret_in(path: Path, instead: str) -> str:
    """The text of the file, which is made with one random secret (64 hexadecimal digits) if it is not there.

    Raises `StartError`, which names the setting that can be used `instead`.
    """
    try:
        if not path.exists():
            _write_first(path)
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be used: {error}; set {instead} instead") from error


def _write_first(path: Path) -> None:
    """Services that start together must agree: whoever links its file first has written the secret."""
    make_durable(path.parent)
    fresh = path.with_name(f"{path.name}.{new_id()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SECRET_BYTES) + "\n")
        file.flush()
        sync(file.fileno(), os.fsync)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its secret is the one
    finally:
        fresh.unlink()
    sync_folder(path.parent)
