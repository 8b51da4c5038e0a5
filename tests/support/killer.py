"""Kills processes of a mill from outside, and says of each kill whether it hit one that held work.

The process is stopped first, so that what it holds cannot change between the look and the kill.
"""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from support.engines import NotThereYet
from support.mill import Mill

_HELD = {
    "upload": ("SELECT count(*) FROM idempotency WHERE file_id IS NULL AND holder LIKE ?",),
    "outbox": ("SELECT count(*) FROM outbox WHERE sent_at IS NULL AND claimed_by LIKE ? AND claimed_until > ?",),
    "jobs": ("SELECT count(*) FROM jobs WHERE state = 'running' AND lease_holder LIKE ?",),
}
_OUTBOXES = ("access", "upload", "metadata", "processing", "ai", "notification")


@dataclass(slots=True)
class Killer:
    """Kills units and counts. `requests_in_flight` tells whether the gateway holds work."""

    mill: Mill
    requests_in_flight: Callable[[], int]
    kills: Counter[str] = field(default_factory=Counter)
    effective: Counter[str] = field(default_factory=Counter)
    _last: dict[str, int] = field(default_factory=dict)

    def kill(self, unit: str) -> bool:
        """Kill one unit if it is up; whether it was."""
        found = self.mill.units().get(unit, {})
        if found.get("state") != "ready" or not found.get("pid"):
            return False
        pid: int = found["pid"]
        if pid == self._last.get(unit):
            return False  # dead already; the runner has not noticed yet
        self._last[unit] = pid
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return False
        try:
            held = self.holds_work(unit, pid)
        except NotThereYet:
            # Stopped with a lock in hand that whoever looks needs ("locking protocol"): not counted as a hit.
            held = False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kills[unit] += 1
        self.effective[unit] += held
        return True

    def holds_work(self, unit: str, pid: int) -> bool:
        """Whether a process has something in hand: a request, a claim, a message, an event to publish, a job."""
        if unit == "gateway":
            return self.requests_in_flight() > 0
        service = unit.removesuffix("-worker")
        me = f"%:{pid}:%"
        counts = [0]
        if unit == "upload":
            counts.append(self.mill.rows("upload", _HELD["upload"][0], me)[0][0])
        if service in _OUTBOXES:
            counts.append(self.mill.rows(service, _HELD["outbox"][0], me, time.time())[0][0])
        if unit.endswith("-worker"):
            counts.append(self.mill.rows(service, _HELD["jobs"][0], me)[0][0])
        return sum(counts) > 0 or self.mill.engines.holds_messages(service, me, time.time())
