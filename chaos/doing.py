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

from filemill.chassis import faults
from filemill.local.run_folder import switches_file
from support.engines import ServerEngines
from support.killer import Killer
from support.mill import Mill

RESTARTED = ("upload", "metadata", "ai", "processing", "notification", "access", "ai-worker", "processing-worker")
READY_S = 60.0
UNDO_EVERY_S = 0.1


class Doer:
    """The one who does it. What lasts is undone by a thread of its own: no deed can make another last. `heal` ends it."""

    def __init__(self, mills: Sequence[Mill], killers: Sequence[Killer], armed: Path) -> None:
        self._mills, self._killers, self._armed = mills, killers, armed
        self._faults: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._stopped: set[int] = set()
        self._engines_away: list[Callable[[], object]] = []
        self._undo: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._restarting: threading.Thread | None = None
        self._healed = threading.Event()
        self.done: list[tuple[float, Deed]] = []

    def run(self, deeds: Sequence[Deed], over: threading.Event) -> None:
        """Do all of it, each at its time."""
        threading.Thread(target=self._undo_in_time, name="undoing", daemon=True).start()
        began_s = time.monotonic()
        for at, deed in enumerate(deeds):
            if over.wait(max(0.0, began_s + deed.at_s - time.monotonic())):
                return
            self._mill = self._mills[at % len(self._mills)]
            with self._lock:
                if self._do(deed):
                    self.done.append((time.monotonic() - began_s, deed))

    def _undo_in_time(self) -> None:
        while not self._healed.wait(UNDO_EVERY_S):
            with self._lock:
                while self._undo and self._undo[0][0] <= time.monotonic():
                    heapq.heappop(self._undo)[2]()

    def heal(self) -> None:
        """Nothing more is done, and what lasts is undone. Recovery is the mill's own affair."""
        self._healed.set()
        if self._restarting is not None:
            self._restarting.join()
        with self._lock:
            self._undo_all()

    def _undo_all(self) -> None:
        self._armed.with_name("kills.log.over").touch()
        for mill in self._mills:
            if (switches := switches_file(mill.data_dir)).exists():
                faults.write(switches, {})
        for pid in self._stopped:
            _send(pid, signal.SIGCONT)
        for bring_back in self._engines_away:
            bring_back()
        self._undo, self._faults, self._stopped, self._engines_away = [], Counter(), set(), []

    # the kinds

    def _do(self, deed: Deed) -> bool:
        does: dict[str, Callable[[Deed], bool]] = {
            "kill at": self._arm, "kill": self._kill, "pause": self._pause, "fault": self._fault,
            "rolling restart": self._restart, "engine down": self._engine_down, "engine paused": self._engine_paused,
        }  # fmt: skip
        return does[deed.kind](deed)

    def _later(self, after_s: float, undo: Callable[[], None]) -> None:
        heapq.heappush(self._undo, (time.monotonic() + after_s, next(self._numbers), undo))

    def _arm(self, deed: Deed) -> bool:
        (self._armed / deed.what).touch()
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
        self._faults[deed.what, deed.only] += by
        on: dict[str, tuple[str, ...]] = {}
        for (name, only), count in self._faults.items():
            if count > 0:
                on[name] = () if not only or on.get(name) == () else (*on.get(name, ()), *only)
        for mill in self._mills:
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

    def _engine_down(self, deed: Deed) -> bool:
        engine = self._engine(deed.what)
        engine.kill()
        self._engines_away.append(engine.start)
        self._later(deed.for_s, lambda: self._bring_back(engine.start))
        return True

    def _engine_paused(self, deed: Deed) -> bool:
        engine = self._engine(deed.what)
        engine.pause()
        self._engines_away.append(engine.resume)
        self._later(deed.for_s, lambda: self._bring_back(engine.resume))
        return True

    def _bring_back(self, how: Callable[[], object]) -> None:
        if how in self._engines_away:
            self._engines_away.remove(how)
            how()

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
