"""Looks at a run every so often: what was promised, sent again, is behind; how much memory all of it has."""

import threading
import time
from dataclasses import dataclass, field

from crowd import Crowd, memory_bytes

from support.engines import NotThereYet
from support.mill import Mill
from support.quiet import in_hand

LOOK_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look; counts since the start. `behind` is None where a database could not be asked."""

    at_s: float
    acknowledged: int
    retries: int
    behind: int | None
    memory_bytes: int


@dataclass(slots=True)
class Watch:
    """A thread that looks until it is stopped."""

    mills: list[Mill]
    crowd: Crowd
    looks: list[Look] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        began_s = time.monotonic()
        pause_s = LOOK_EVERY_S
        while not self._over.wait(pause_s):
            looking_s = time.monotonic()
            try:
                behind: int | None = sum(in_hand(self.mills[0]).values())
            except NotThereYet:
                behind = None
            # After hours a look takes its time, and others need it more.
            pause_s = max(LOOK_EVERY_S, 10 * (time.monotonic() - looking_s))
            at_s = time.monotonic() - began_s
            self.looks.append(
                Look(at_s, len(self.crowd.acknowledged), self.crowd.retries, behind, memory_bytes(self.mills))
            )
