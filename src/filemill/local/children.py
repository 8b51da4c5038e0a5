"""One child of the runner, seen from the parent: its state, its reports, its end.

Not for: deciding when to start or stop (`supervisor`).
States: starting -> ready -> (died) waiting -> starting; stopping -> stopped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from filemill.local.backoff import Backoff
from filemill.local.units import Unit, fork_unit

READ_BYTES = 65536
HOPELESS_STARTS = 5


class Child:
    """What the parent knows of one unit."""

    def __init__(self, unit: Unit, backoff: Backoff) -> None:
        self.unit = unit
        self.state = "waiting"
        self.pid: int | None = None
        self.report_fd: int | None = None
        self.reason = ""  # why it cannot live, in its own words
        self.ever_ready = False
        self.next_deadline_s: float | None = None  # monotonic: ready by, start again at, or kill at
        self._restarts = 0
        self._address = ""
        self._ready_at_s: float | None = None
        self._backoff = backoff
        self._buffer = b""

    @property
    def read_end(self) -> int:
        assert self.report_fd is not None
        return self.report_fd

    def start(self, close_in_child: Sequence[int], ready_by_s: float) -> None:
        self.reason, self._buffer, self._ready_at_s = "", b"", None
        self.pid, self.report_fd = fork_unit(self.unit, close_in_child)
        self.state, self.next_deadline_s = "starting", ready_by_s

    def became_ready(self, address: str) -> None:
        self.state, self.ever_ready, self.next_deadline_s = "ready", True, None
        self._address, self._ready_at_s = address, time.monotonic()

    def ask_to_stop(self, now_s: float) -> None:
        """SIGTERM to the unit itself; what it started is its own to stop, until the grace is over."""
        assert self.pid is not None
        self.state, self.next_deadline_s = "stopping", now_s + self.unit.grace_s
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def ended(self, status: int) -> str:
        """The process is gone with this wait status; how, in words."""
        self.pid, self.next_deadline_s = None, None
        if not self.ever_ready and not self.reason and not os.WIFSIGNALED(status):
            self.reason = f"it ended with status {os.waitstatus_to_exitcode(status)} before it was ready"
        elif not self.ever_ready and not self.reason and self._restarts >= HOPELESS_STARTS:
            self.reason = f"it was killed {self._restarts + 1} times before it was ready"
        if os.WIFSIGNALED(status):
            return f"was ended by {signal.Signals(os.WTERMSIG(status)).name}"
        return f"ended with status {os.waitstatus_to_exitcode(status)}"

    def plan_restart(self, now_s: float) -> float:
        healthy_for_s = 0.0 if self._ready_at_s is None else now_s - self._ready_at_s
        delay_s = self._backoff.after_death(healthy_for_s)
        self.state, self.next_deadline_s = "waiting", now_s + delay_s
        self._restarts += 1
        return delay_s

    def read_reports(self) -> tuple[list[tuple[str, str]], bool]:
        """The complete lines as (word, text), and whether the pipe has ended."""
        ended = False
        try:
            while data := os.read(self.read_end, READ_BYTES):
                self._buffer += data
            ended = True
        except BlockingIOError:
            pass  # nothing more for now
        *lines, self._buffer = self._buffer.split(b"\n")
        words = [line.decode("utf-8", "replace").partition(" ") for line in lines]
        return [(word, text) for word, _, text in words], ended

    def close_reports(self) -> None:
        os.close(self.read_end)
        self.report_fd = None

    def snapshot(self) -> dict[str, Any]:
        return {"pid": self.pid, "state": self.state, "restarts": self._restarts, "address": self._address}


def next_death(units: Collection[int]) -> tuple[int, int] | None:
    """Take one ended child and return its pid and wait status; None when there is none.

    The group of a unit is ended before the unit is reaped: until then the kernel cannot give its number to anyone else.
    """
    try:
        if hasattr(os, "waitid"):
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is None:
                return None
            if found.si_pid in units:
                kill_group(found.si_pid)
            return os.waitpid(found.si_pid, 0)
        pid, status = os.waitpid(-1, os.WNOHANG)
        return (pid, status) if pid else None
    except ChildProcessError:
        return None


def kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_strays(units: Collection[int]) -> int:
    """End orphans that units left behind in groups of their own, children of the runner now (subreaper); how many."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        strays = [int(word) for word in listing.read_text().split() if int(word) not in units]
    except OSError:  # not Linux, or a kernel without this list: the groups were ended at least
        return 0
    for pid in strays:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(strays)
