"""A file system of its own, in memory: to be filled, or to have no more room than it holds already."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TRIES = 20


class CannotMount(Exception):
    """Not allowed here; the message says why. A retry is useless."""


@contextmanager
def disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """Mount one there, which must be no folder yet. Raises `CannotMount`."""
    folder.mkdir()
    if os.geteuid() != 0:
        raise CannotMount("only root can mount a small file system")
    _mount("-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def why_no_disk() -> str:
    """Why none can be had here; empty if one can."""
    try:
        with tempfile.TemporaryDirectory(prefix="filemill-test-") as folder, disk(Path(folder) / "probe", 1) as probe:
            leave_no_room(probe)
    except CannotMount as error:
        return str(error)
    return ""


@contextmanager
def tiny_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """As `disk`; skips the test where that is not allowed."""
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(disk(folder, size_mib))
        except CannotMount as error:
            pytest.skip(str(error))


def leave_no_room(folder: Path) -> None:
    """From now on the disk mounted there is as large as what it holds; `make_room` ends it. Raises `CannotMount`."""
    for left in reversed(range(TRIES)):
        found = os.statvfs(folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        try:
            _mount("-o", f"remount,size={used}", str(folder))
        except CannotMount:
            if not left:
                raise  # else somebody wrote between the look and the mount
        else:
            return


def make_room(folder: Path, size_mib: int) -> None:
    """Let it have so much again. Raises `CannotMount`."""
    _mount("-o", f"remount,size={size_mib}m", str(folder))


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if done.returncode:
        raise CannotMount(f"a small file system cannot be mounted here: {done.stderr.decode().strip()}")


def fill_up(filler: Path) -> None:
    """Write until there is no room."""
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as writing:
        while writing.write(b"x" * 4096):
            pass
