"""Make a folder so that it is still there after a power cut: each new level is synced into its parent.

Syncing a file makes its bytes durable, not the names on the way to it (fsync(2)). An fsync that fails ends the process,
since nobody knows then what is on the disk.
"""

import os
from collections.abc import Callable
from pathlib import Path

import structlog

from filemill.chassis.crash_points import broken

EXIT_IO_ERROR = 74
"""EX_IOERR of sysexits(3)."""

_log = structlog.get_logger()


def make_durable(folder: Path, mode: int = 0o777) -> None:
    """Make a folder with this mode, and whatever is missing above it. Raises `OSError` if it cannot be made."""
    missing = []
    level = folder
    while not level.is_dir():
        missing.append(level)
        level = level.parent
    for new in reversed(missing):
        new.mkdir(mode=mode if new == folder else 0o777, exist_ok=True)
        sync_folder(new.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(fd, os.fsync)
    finally:
        os.close(fd)


def sync(fd: int, how: Callable[[int], None]) -> None:
    """`os.fsync` or `os.fdatasync`, fatal if it fails."""
    if broken("fsync"):
        return
    try:
        how(fd)
    except OSError as error:
        _log.critical("storage.fsync.failed", error=error.strerror)
        os._exit(EXIT_IO_ERROR)
