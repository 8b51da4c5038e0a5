"""Process groups: a child leads a group of its own, and whatever it starts stays in it and ends with it.

The filter refuses setsid and setpgid, so a group cannot be left. Not for: deciding when to kill (zygote.py).
On failure: a group that is already gone is no error.
"""

import contextlib
import os
import resource
import signal
from pathlib import Path

_PAGE_BYTES = resource.getpagesize()


def kill(group: int) -> None:
    """Kill every process of the group at once; a fork in progress does not escape, the kernel checks for signals
    first."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def collect(leader: int) -> tuple[int, resource.struct_rusage] | None:
    """Return status and usage of a leader that has ended (None: it still runs), after killing what it left behind.

    The group is killed while the leader is a zombie, so that its number cannot belong to anybody else yet.
    """
    if hasattr(os, "waitid") and os.waitid(os.P_PID, leader, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return None
    if hasattr(os, "waitid"):
        kill(leader)
    pid, status, usage = os.wait4(leader, os.WNOHANG)
    return (status, usage) if pid else None


def reap_members(group: int) -> bool:
    """Collect ended members that were left to us; return whether the group is empty now."""
    while True:
        try:
            pid, _ = os.waitpid(-group, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            return False


def resident_bytes(group: int) -> int:
    """Return the memory all processes of a group hold together, shared pages counted for each."""
    total = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # the process ended while we looked
            # The name in parentheses may hold anything; the numbers come after the last one (man 5 proc).
            fields = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[2]) == group:
                total += int(fields[21]) * _PAGE_BYTES
    return total
