"""What the local store does with files and folders: blocking calls for its threads.

Not for: what is stored where, and what must be durable (`local_store`). Raises `OSError`; `translated` says it in our terms.
"""

import errno
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from filemill.chassis import process_identity
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.storage.keys import is_form
from filemill.chassis.storage.store import BlobInfo

CHUNK_BYTES = 1024 * 1024


def peeked(fd: int, filed_bytes: int, pending: list[bytes], start: int, length: int) -> bytes:
    """Bytes of a body whose first `filed_bytes` are in a file and whose others are pending; those become one piece."""
    try:
        found = os.pread(fd, min(length, filed_bytes - start), start) if start < filed_bytes else b""
    except OSError as error:
        raise translated(error) from error
    if len(found) == length or not pending:
        return found
    pending[:] = [b"".join(pending)]
    at = max(0, start - filed_bytes)
    return found + pending[0][at : at + length - len(found)]


def translated(error: OSError) -> Exception:
    """A file system's error in our terms."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull()
    return Unavailable(f"The storage folder cannot be used: {error.strerror}.")


def write_all(fd: int, parts: Sequence[bytes | memoryview]) -> None:
    """All of it, however much the system takes at a time. Raises `OSError`."""
    data = memoryview(parts[0] if len(parts) == 1 else b"".join(parts)) if parts else memoryview(b"")
    while data:
        data = data[os.write(fd, data) :]


def link_or_copy(source: Path, target: Path) -> None:
    """The same bytes under another name. Raises `FileNotFoundError`, `OSError`."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        with source.open("rb") as reading, target.open("xb") as writing:
            while os.sendfile(writing.fileno(), reading.fileno(), None, CHUNK_BYTES):
                pass


def unlink(paths: Sequence[Path]) -> int:
    """Delete what is there of these; returns how many were. Raises `OSError`."""
    found = 0
    for path in paths:
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        found += 1
    return found


def files_in(folder: Path) -> list[BlobInfo]:
    """The forms in one folder of `blobs/`, by name."""
    infos = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = f"blobs/{folder.name}/{entry.name}"
            if is_form(name):
                stat = entry.stat()
                infos.append(BlobInfo(name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)))
    return infos


def sweep_partials(folder: Path) -> int:
    """Delete the partial files of dead processes; returns how many."""
    swept = 0
    for path in folder.glob("*~*"):
        if process_identity.is_dead(path.name.partition("~")[0]):
            path.unlink(missing_ok=True)
            swept += 1
    return swept
