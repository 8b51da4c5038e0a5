"""What a unit is, and what happens on the child's side of the fork.

A unit is one service (or worker) of the mill: a function that runs until SIGTERM and tells through `Report` when it is
ready. The event loop, threads and connections are made inside it, never before the fork.
On failure: an exception is printed and reported as the reason, and the process ends with status 1.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
RESET_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
MAX_LINE_BYTES = 2000

_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


class Report:
    """The child's voice: one line through an inherited pipe."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def ready(self, address: str = "") -> None:
        """The unit serves; `address` is shown to people."""
        self._write("ready", address)

    def takes_long(self, what: str) -> None:
        """The unit is at something that may take hours before it is ready; a sentence without its subject."""
        self._write("long", what)

    def fatal(self, line: str) -> None:
        """The unit cannot start, in one clear sentence; the caller ends the process afterwards."""
        self._write("fatal", line)

    def _write(self, word: str, text: str) -> None:
        line = " ".join(text.split()).encode()[:MAX_LINE_BYTES]
        os.write(self._fd, word.encode() + b" " + line + b"\n")  # below PIPE_BUF: in one piece


@dataclass(frozen=True)
class Unit:
    """One process of the mill."""

    name: str
    run: Callable[[Report], None]
    grace_s: float = 10.0  # from SIGTERM to SIGKILL of its process group
    stage: int = 0  # higher stages are stopped first: the gateway lets its requests end while the services still answer
    nice: int = 0  # what it leaves to the others where the processors do not suffice, as nice(1) counts


def fork_unit(unit: Unit, close_in_child: Sequence[int]) -> tuple[int, int]:
    """Fork a child that runs `unit`; return its pid and the fd where its reports can be read (not blocking)."""
    reading, writing = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    # Until the child has put off its parent's handlers a signal to it would be taken by them, and lost.
    old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, RESET_SIGNALS)
    pid = os.fork()
    if pid == 0:
        try:
            _prepare_child(parent, [*close_in_child, reading])
            os.nice(unit.nice)
        except BaseException:  # noqa: BLE001 - a child must never return into its parent's code
            traceback.print_exc()
            os._exit(1)
        _run_child(unit, Report(writing))
    signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
    os.close(writing)
    os.set_blocking(reading, False)
    set_group(pid)
    return pid, reading


def set_group(pid: int) -> None:
    """Give the child its own group; both sides do it, so that neither can be too early."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it is gone, or did it itself and went on
        os.setpgid(pid, pid)


def become_subreaper() -> None:
    """Orphans of the units come to this process, which can then end them; only Linux has this."""
    if _prctl is not None:
        _prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _prepare_child(parent: int, close: Sequence[int]) -> None:
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in RESET_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel knew that we want to go with it
            os._exit(1)
    for fd in close:
        os.close(fd)
    null = os.open(os.devnull, os.O_RDONLY)  # a process group in the background may not read the terminal
    os.dup2(null, 0)
    os.close(null)


def _run_child(unit: Unit, report: Report) -> NoReturn:
    status = 0
    try:
        unit.run(report)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            report.fatal(error.code)
    except BaseException as error:  # noqa: BLE001 - whatever it was, the runner must hear of it
        traceback.print_exc()
        report.fatal(f"{type(error).__name__}: {error}")
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
