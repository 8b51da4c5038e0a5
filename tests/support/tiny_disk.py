"""A file system of a few MiB, to be filled."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def tiny_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """Mount one there; skips the test where that is not allowed."""
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(filler: Path) -> None:
    """Write until there is no room."""
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as writing:
        while writing.write(b"x" * 4096):
            pass
