"""Who holds a lease: host, pid and the process's start time, so that a dead holder on this machine is seen at once.

A lease always ends by its expiry as well; this only makes recovery on one machine immediate. A holder on another host is
never declared dead from here.
"""

import functools
import os
import socket
from pathlib import Path


def me() -> str:
    """The identity of this process. Computed per call because a fork changes it."""
    return _identity(os.getpid())


@functools.lru_cache(maxsize=4)
def _identity(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{_start_ticks(pid)}"


def is_dead(holder: str) -> bool:
    """True only if the holder ran on this host and is certainly gone."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    start = holder.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdigit():
        return False
    pid = int(rest)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return start not in ("0", _start_ticks(pid))


def lives(pid: str) -> bool:
    """Whether a process of this number runs here; False for anything that is no number."""
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True  # it is another user's
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _start_ticks(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)); `0` where there is no /proc, and then only the pid counts."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "0"
    return stat.rpartition(")")[2].split()[19]
