"""A disk that is full or read-only is one line with what helps, whatever the command was about."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from filemill.cli.disk import line_of
from support.tiny_disk import fill_up, tiny_disk


@pytest.mark.parametrize("command", [["up"], ["keys", "list"]])
def test_command_when_the_disk_is_full_then_it_says_so_in_one_line(tmp_path: Path, command: list[str]) -> None:
    """No page of Python; a status that says it failed."""
    with tiny_disk(tmp_path / "disk", 1) as disk:
        (disk / "data").mkdir()
        fill_up(disk / "filler")
        done = subprocess.run(
            [sys.executable, "-m", "filemill.cli", *command],
            env={"PATH": "/usr/bin:/bin", "FILEMILL_DATA_DIR": str(disk / "data"), "HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"error: {disk / 'data'}")
    assert last.endswith("make room there and try again")
    assert "Traceback" not in done.stderr


def test_line_when_the_error_is_about_a_disk_then_it_names_the_place_and_what_helps() -> None:
    """Of anything else there is none: a bug keeps its traceback."""
    read_only = OSError(errno.EROFS, "Read-only file system", "/data/run/lock")
    assert line_of(read_only) == (
        "/data/run/lock: Read-only file system; let it be written to, or choose another place"
    )
    unreadable = PermissionError(errno.EACCES, "Permission denied", "/mine")  # it may have been to be read only
    assert line_of(unreadable) == (
        "/mine: Permission denied; whoever runs this may not; change its rights, or choose another place"
    )
    copying = OSError(errno.ENOSPC, "No space left on device", "/backup/a", None, "/data/a")
    assert line_of(copying) == "/data/a: No space left on device; make room there and try again"
    assert line_of(OSError(errno.ENOENT, "No such file or directory", "/x")) is None
    assert line_of(KeyError("disk")) is None
