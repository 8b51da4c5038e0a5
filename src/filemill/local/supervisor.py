"""Starts, watches and restarts the units of the mill, and stops them all.

One single-threaded parent that has imported everything forks each unit and each restart of it: that costs milliseconds
and shares the memory of the imports. It sleeps until a signal, a report or a deadline wakes it.
Not for: what the units do (`runner` says which there are). It owns no data.
On failure: a unit that cannot start the first time ends the whole runner with one clear line and status 1; one that
dies later is started again, after a growing pause. A killed runner takes its units with it (the kernel sees to that).
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from filemill.local.backoff import Backoff
from filemill.local.children import Child, kill_group, kill_strays, next_death
from filemill.local.run_folder import RunFolder
from filemill.local.units import Unit, become_subreaper

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
START_S = 60.0
LONG_START_S = 6 * 3600.0
"""For one that says what it is at: a database of millions of files that is brought up to date."""
LAST_KILL_S = 5.0
PUBLISH_AGAIN_S = 1.0
"""From one try to write down who is who to the next, on a disk that had no room."""


def say_line(line: str) -> None:
    """Print a line for people; nobody reading, or a full disk where it is kept, is no reason to stop the mill."""
    with contextlib.suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class Supervisor:
    """`run` returns the exit status when everything is stopped."""

    def __init__(
        self,
        units: Sequence[Unit],
        *,
        data_dir: Path,
        say: Callable[[str], None] = say_line,
        on_claimed: Callable[[], None] | None = None,
        on_all_ready: Callable[[float], None] | None = None,
        start_s: float = START_S,
        make_backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._children = {unit.name: Child(unit, make_backoff()) for unit in units}
        if len(self._children) != len(units):
            raise ValueError("two units have the same name")
        self._folder = RunFolder(data_dir)
        self._say, self._on_all_ready, self._start_s = say, on_all_ready, start_s
        self._on_claimed = on_claimed
        self._selector = selectors.PollSelector()  # no descriptor of its own that a fork would share
        self._stop_asked = 0
        self._stopping = False
        self._all_ready_told = False
        self._status = 0
        self._began_s = 0.0
        self._publish_at_s: float | None = None
        self._wake_fds: tuple[int, int] = (-1, -1)

    def run(self) -> int:
        """Run until a signal or a unit that cannot start; raises AlreadyRunning before anything is started."""
        if threading.active_count() != 1:
            raise RuntimeError("the runner must fork from a single-threaded process")
        self._folder.claim()
        if self._on_claimed is not None:
            self._on_claimed()
        old_handlers = self._listen()
        self._began_s = time.monotonic()
        gc.collect()
        gc.freeze()  # the collector of a child must not touch, and so copy, the pages it shares with the others
        try:
            for child in self._children.values():
                self._start(child)
            while self._pids() or not self._stopping:
                self._turn()
        finally:
            self._end_all()
            self._deafen(old_handlers)
            self._folder.release()
        return self._status

    # --- signals ---

    def _listen(self) -> dict[signal.Signals, object]:
        become_subreaper()
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        self._wake_fds = (reading, writing)
        self._selector.register(reading, selectors.EVENT_READ)
        old: dict[signal.Signals, object] = {}
        for number in STOP_SIGNALS:
            old[number] = signal.signal(number, self._on_stop_signal)
        old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake us
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        return old

    def _deafen(self, old_handlers: dict[signal.Signals, object]) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in old_handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal() gave it takes back
        self._selector.close()
        for fd in self._wake_fds:
            os.close(fd)

    def _on_stop_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_asked += 1

    # --- one turn of the loop ---

    def _turn(self) -> None:
        ready = self._selector.select(self._sleep_s())
        for key, _ in ready:
            if key.fd == self._wake_fds[0]:
                with contextlib.suppress(BlockingIOError):
                    os.read(key.fd, 4096)
            else:
                self._hear(key.data)
        self._reap()
        if self._stop_asked and not self._stopping:
            self._say("stopping")
            self._stopping = True
        now_s = time.monotonic()
        for child in self._children.values():
            self._meet_deadlines(child, now_s)
        if self._publish_at_s is not None and self._publish_at_s <= now_s:
            self._publish()
        if self._stopping:
            self._stop_next_stage(now_s)

    def _sleep_s(self) -> float | None:
        """Until the next deadline; None to sleep until something happens."""
        deadlines = (self._publish_at_s, *(child.next_deadline_s for child in self._children.values()))
        times = [at_s for at_s in deadlines if at_s is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _start(self, child: Child) -> None:
        close = [
            *self._wake_fds,
            *(other.report_fd for other in self._children.values() if other.report_fd is not None),
        ]
        try:
            child.start(close, ready_by_s=time.monotonic() + self._start_s)
        except OSError as error:  # no room for a process or a pipe at the moment
            delay_s = child.plan_restart(time.monotonic())
            self._say(f"{child.unit.name} could not be forked ({error.strerror}); tried again in {delay_s:g} s")
            return
        self._selector.register(child.read_end, selectors.EVENT_READ, child)
        self._publish()

    def _hear(self, child: Child) -> None:
        """Read what the child reported."""
        words, ended = child.read_reports()
        for word, text in words:
            if word == "ready" and child.state == "starting":
                child.became_ready(text)
                self._say(f"{child.unit.name:<17} ready  {text}".rstrip())
                self._publish()
            elif word == "long" and child.state == "starting":
                child.next_deadline_s = time.monotonic() + LONG_START_S
                self._say(f"{child.unit.name:<17} {text}; this may take a while")
            elif word == "fatal":
                child.reason = text
        if ended:
            self._selector.unregister(child.read_end)
            child.close_reports()
        if not self._all_ready_told and all(one.state == "ready" for one in self._children.values()):
            self._all_ready_told = True
            if self._on_all_ready is not None:
                self._on_all_ready(time.monotonic() - self._began_s)

    def _pids(self) -> set[int]:
        return {child.pid for child in self._children.values() if child.pid is not None}

    def _reap(self) -> None:
        """Take every process that ended; a stray's death may have made more strays."""
        while (death := next_death(self._pids())) is not None:
            pid, status = death
            for child in self._children.values():
                if child.pid == pid:
                    self._bury(child, status)
            kill_strays(self._pids())

    def _bury(self, child: Child, status: int) -> None:
        """A unit ended: hear its last words, then decide what follows."""
        if child.report_fd is not None:
            self._hear(child)
        if child.report_fd is not None:  # a grandchild may still hold the other end
            self._selector.unregister(child.read_end)
            child.close_reports()
        name, how = child.unit.name, child.ended(status)
        if self._stopping:
            child.state = "stopped"
        elif child.reason and not child.ever_ready:
            self._say(f"{name} cannot start: {child.reason}")
            self._status, self._stopping, child.state = 1, True, "stopped"
        else:
            delay_s = child.plan_restart(time.monotonic())
            why = f": {child.reason}" if child.reason else ""
            self._say(f"{name} {how}{why}; it starts again in {delay_s:g} s")
        self._publish()

    def _meet_deadlines(self, child: Child, now_s: float) -> None:
        if child.next_deadline_s is None or child.next_deadline_s > now_s:
            return
        if child.state == "waiting":
            if self._stopping:
                child.state, child.next_deadline_s = "stopped", None
            else:
                self._start(child)
        elif child.pid is not None:  # not ready in time, or still there after its grace
            if child.state == "starting":
                child.reason = f"it was not ready within {self._start_s:g} s"
            child.next_deadline_s = None
            kill_group(child.pid)

    def _stop_next_stage(self, now_s: float) -> None:
        """Ask the highest stage that still runs to stop; on a second signal end everything at once."""
        running = [child for child in self._children.values() if child.pid is not None]
        if self._stop_asked > 1:
            for pid in self._pids():
                kill_group(pid)
        highest = max((child.unit.stage for child in running), default=0)
        for child in running:
            if child.unit.stage == highest and child.state != "stopping":
                child.ask_to_stop(now_s)
                self._publish()

    def _end_all(self) -> None:
        """Leave no process behind, whatever happened above."""
        self._stopping = True
        deadline_s = time.monotonic() + LAST_KILL_S
        for pid in self._pids():
            kill_group(pid)
        while (self._pids() or kill_strays(self._pids())) and time.monotonic() < deadline_s:
            self._selector.select(0.05)
            self._reap()

    def _publish(self) -> None:
        try:
            self._folder.write_pids({name: child.snapshot() for name, child in self._children.items()})
        except OSError as error:
            # Nothing is decided by that file: on a full disk the services are still better off watched than ended.
            if self._publish_at_s is None:
                self._say(f"{self._folder.pids_file} cannot be written ({error.strerror}); tried again until it can")
            self._publish_at_s = time.monotonic() + PUBLISH_AGAIN_S
        else:
            self._publish_at_s = None
