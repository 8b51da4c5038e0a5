"""The `run` folder inside the data folder: one runner at a time, and who is who right now.

The lock is inherited by the children on purpose: it is free only when the last process of a runner is gone, so a new
runner can never meet the old one's services. `pids.json` is for people, tests and `doctor`; nothing is decided by it.
On failure: `AlreadyRunning` with one sentence that names the process to stop.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filemill.chassis.web.listeners import answers

LEFTOVERS_END_S = 5.0  # children of a runner that was killed get SIGKILL from the kernel; this is for their last breath
RETRY_S = 0.05


class AlreadyRunning(RuntimeError):
    """Another runner works on this data folder; stopping it helps, a retry alone does not."""


class RunFolder:
    """Holds the lock from `claim` to `release`."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._folder = data_dir / "run"
        self._lock_fd: int | None = None

    @property
    def pids_file(self) -> Path:
        return self._folder / "pids.json"

    def claim(self) -> None:
        """Take the lock or raise AlreadyRunning."""
        self._folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline_s = time.monotonic() + LEFTOVERS_END_S
        while not _try_lock(fd):
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            if _is_alive(holder) or time.monotonic() > deadline_s:
                os.close(fd)
                raise AlreadyRunning(
                    f"filemill already runs on {self._data_dir} (process {holder or 'unknown'}); "
                    "stop it first or choose another folder with FILEMILL_DATA_DIR"
                )
            time.sleep(RETRY_S)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self._lock_fd = fd

    def write_pids(self, units: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace `pids.json` in one step; a reader sees the old or the new one, never a half."""
        fresh = self._folder / "pids.json.new"
        fresh.write_text(json.dumps({"runner": os.getpid(), "units": units}, indent=2) + "\n")
        fresh.replace(self.pids_file)

    def release(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.pids_file.unlink()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None


def switches_file(data_dir: Path) -> Path:
    """Where the switches for faults lie, if the mill on this folder has any (`chassis.faults`)."""
    return data_dir / "run" / "faults.json"


def mill_pid(data_dir: Path) -> str | None:
    """The process id of the runner that works on this data folder now, `unknown` for a moment; None without one."""
    with contextlib.suppress(FileNotFoundError):
        fd = os.open(data_dir / "run" / "lock", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if not _try_lock(fd):
                return os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
        finally:
            os.close(fd)
    return None


def who_runs(data_dir: Path) -> str | None:
    """Who works on this data folder now, in words: a runner, or a service started by itself. None if nobody does."""
    if runner := mill_pid(data_dir):
        return f"the mill (process {runner})"
    answering = (path.stem for path in sorted((data_dir / "run").glob("*.sock")) if answers(path))
    service = next(answering, None)
    return f"the {service} service" if service else None


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _is_alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
