"""Does to a running mill what the plan says, and undoes what lasts.

Processes are found by the runner's list and ended by their id. On failure: a deed that finds nobody (dead already, not up
yet) is no deed, and is not counted.
"""

import contextlib
import heapq
import itertools
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from plan import Deed
from wires import Wires

from filemill.chassis import faults
from filemill.local.run_folder import switches_file
from support import tiny_disk
from support.engines import ServerEngines
from support.killer import Killer
from support.mill import Mill

RESTARTED = ("upload", "metadata", "ai", "processing", "notification", "access", "ai-worker", "processing-worker")
READY_S = 60.0
UNDO_EVERY_S = 0.1
ARMED_MOST = 8
"""Points that wait at once, the latest. With more a process that comes back dies at the first thing it does, again and again:
on a slow machine 381 kills in twenty minutes let ten uploads through."""
DISK_MIB = 4096
"""A bound, not what is taken: memory is used as files are written."""


class Doer:
    """The one who does it. What lasts is undone by a thread of its own: no deed can make another last. `heal` ends it."""

    def __init__(self, mills: Sequence[Mill], killers: Sequence[Killer], wires: Sequence[Wires], armed: Path) -> None:
        self._mills, self._killers, self._wires, self._armed = mills, killers, wires, armed
        self._full: set[Path] = set()
        self._faults: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._stopped: set[int] = set()
        self._engines_away: dict[str, threading.Thread] = {}
        self._undo: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._undoing = threading.Thread(target=self._undo_in_time, name="undoing", daemon=True)
        self._restarting: threading.Thread | None = None
        self._healed = threading.Event()
        self.choose: Callable[[str], str | None] = lambda point: point
        """The point to arm where the plan says this one."""
        self.patient = 0
        """How many points whose time is over may stay armed beside those of the plan, until somebody comes to them."""
        self._waiting: list[str] = []
        self._staying: list[str] = []
        self.armed: set[str] = set()
        """Every point that was armed at some time."""
        self.done: list[tuple[float, Deed]] = []

    def run(self, deeds: Sequence[Deed], over: threading.Event) -> None:
        """Do all of it, each at its time."""
        self._undoing.start()
        began_s = time.monotonic()
        for at, deed in enumerate(deeds):
            if over.wait(max(0.0, began_s + deed.at_s - time.monotonic())):
                return
            self._mill = self._mills[at % len(self._mills)]
            # Without the lock: a kill looks into a database first, and that may be one which is to be let go on meanwhile.
            if self._do(deed):
                self.done.append((time.monotonic() - began_s, deed))

    def _undo_in_time(self) -> None:
        while not self._healed.wait(UNDO_EVERY_S):
            while (undo := self._next_undo()) is not None:
                undo()

    def _next_undo(self) -> Callable[[], None] | None:
        with self._lock:
            is_due = self._undo and self._undo[0][0] <= time.monotonic()
            return heapq.heappop(self._undo)[2] if is_due else None

    def heal(self) -> None:
        """Nothing more is done, and what lasts is undone. Recovery is the mill's own affair."""
        self._healed.set()
        with self._lock:
            busy = [*self._engines_away.values(), *([self._restarting] if self._restarting else [])]
        for thread in (*busy, self._undoing):
            thread.join()
        self._undo_all()

    def _undo_all(self) -> None:
        self._armed.with_name("kills.log.over").touch()
        for pid in self._stopped:
            _send(pid, signal.SIGCONT)
        for wires in self._wires:
            wires.mend_all()
        self._undo, self._faults, self._stopped = [], Counter(), set()
        for folder in list(self._full):
            self._make_room(folder)
        with self._lock:
            self._write_switches()

    # the kinds

    def _do(self, deed: Deed) -> bool:
        does: dict[str, Callable[[Deed], bool]] = {
            "kill at": self._arm, "kill": self._kill, "pause": self._pause, "fault": self._fault,
            "rolling restart": self._restart, "engine killed": self._engine_away, "engine stopped": self._engine_away,
            "engine paused": self._engine_away, "cut off": self._cut_off, "slow link": self._slow_link,
            "disk full": self._fill,
        }  # fmt: skip
        return does[deed.kind](deed)

    def _later(self, after_s: float, undo: Callable[[], None]) -> None:
        with self._lock:
            heapq.heappush(self._undo, (time.monotonic() + after_s, next(self._numbers), undo))

    def _arm(self, deed: Deed) -> bool:
        if (point := self.choose(deed.what)) is None:
            return False
        waiting = [one for one in self._waiting if one != point and (self._armed / one).exists()]
        staying = [one for one in self._staying if one != point and (self._armed / one).exists()]
        for _ in range(len(waiting) - ARMED_MOST + 1):
            late = waiting.pop(0)
            if len(staying) < self.patient:
                staying.append(late)
            else:
                (self._armed / late).unlink(missing_ok=True)
        self._waiting, self._staying = [*waiting, point], staying
        (self._armed / point).touch()
        self.armed.add(point)
        return True

    def _kill(self, deed: Deed) -> bool:
        return self._killers[self._mills.index(self._mill)].kill(deed.what)

    def _pause(self, deed: Deed) -> bool:
        pid = _pid(self._mill, deed.what)
        if pid is None or not _send(pid, signal.SIGSTOP):
            return False
        self._stopped.add(pid)
        self._later(deed.for_s, lambda: self._go_on(pid))
        return True

    def _go_on(self, pid: int) -> None:
        _send(pid, signal.SIGCONT)
        self._stopped.discard(pid)

    def _fault(self, deed: Deed) -> bool:
        self._switch(deed, 1)
        self._later(deed.for_s, lambda: self._switch(deed, -1))
        return True

    def _switch(self, deed: Deed, by: int) -> None:
        """The same fault may be on twice; then the wider of the two counts."""
        with self._lock:
            self._faults[deed.what, deed.only] += by
            self._write_switches()

    def _write_switches(self) -> None:
        on: dict[str, tuple[str, ...]] = {}
        for (name, only), count in self._faults.items():
            if count > 0:
                on[name] = () if not only or on.get(name) == () else (*on.get(name, ()), *only)
        for mill in self._mills:
            if mill.data_dir not in self._full:  # there it is done once there is room
                faults.write(switches_file(mill.data_dir), on)

    def _restart(self, _deed: Deed) -> bool:
        if self._restarting is not None and self._restarting.is_alive():
            return False
        self._restarting = threading.Thread(target=self._roll, args=(self._mill,), name="rolling", daemon=True)
        self._restarting.start()
        return True

    def _roll(self, mill: Mill) -> None:
        """As a deployment does: SIGTERM, its end, the next one ready, and only then the next service."""
        for unit in RESTARTED:
            if (pid := _pid(mill, unit)) is None or not _send(pid, signal.SIGTERM):
                continue
            until_s = time.monotonic() + READY_S
            while _pid(mill, unit) in (None, pid) and time.monotonic() < until_s:
                if self._healed.wait(0.05):
                    return

    def _cut_off(self, deed: Deed) -> bool:
        wires = self._wires[self._mills.index(self._mill)]
        return wires.cut(deed.what) and self._mend_later(deed, wires)

    def _slow_link(self, deed: Deed) -> bool:
        wires = self._wires[self._mills.index(self._mill)]
        return wires.slow(deed.what) and self._mend_later(deed, wires)

    def _mend_later(self, deed: Deed, wires: Wires) -> bool:
        self._later(deed.for_s, lambda: wires.mend(deed.what))
        return True

    def _fill(self, deed: Deed) -> bool:
        folder = self._mill.data_dir
        if folder in self._full:
            return False
        with self._lock:
            self._full.add(folder)
        tiny_disk.leave_no_room(folder)
        self._later(deed.for_s, lambda: self._make_room(folder))
        return True

    def _make_room(self, folder: Path) -> None:
        tiny_disk.make_room(folder, DISK_MIB)
        with self._lock:
            self._full.discard(folder)
            self._write_switches()

    def _engine_away(self, deed: Deed) -> bool:
        if deed.what in self._engines_away:
            return False
        engine = self._engine(deed.what)
        take, bring_back = {
            "engine killed": (engine.kill, engine.start),
            "engine stopped": (engine.halt, engine.start),
            "engine paused": (engine.pause, engine.resume),
        }[deed.kind]
        # A server takes seconds to end and to start: nothing else waits for it.
        self._engines_away[deed.what] = threading.Thread(
            target=self._leave, args=(deed, take, bring_back), name=f"{deed.what} away", daemon=True
        )
        self._engines_away[deed.what].start()
        return True

    def _leave(self, deed: Deed, take: Callable[[], object], bring_back: Callable[[], object]) -> None:
        take()
        self._healed.wait(deed.for_s)
        bring_back()
        with self._lock:
            del self._engines_away[deed.what]

    def _engine(self, name: str) -> Any:
        engines = self._mill.engines
        assert isinstance(engines, ServerEngines)
        return getattr(engines, name)


def _pid(mill: Mill, unit: str) -> int | None:
    """Of a process that is up."""
    found = mill.units().get(unit, {})
    return found.get("pid") if found.get("state") == "ready" else None


def _send(pid: int, number: signal.Signals) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
