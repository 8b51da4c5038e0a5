"""Named places where a test may kill the process: the crash harness's half that lives in the product.

`FILEMILL_TEST_CRASH="upload.accept.in-tx=0.01,relay.*=0.02"` gives probabilities by name or prefix; each kill is noted in
the file `FILEMILL_TEST_CRASH_LOG` first, because a killed process cannot report. `FILEMILL_TEST_BREAK="inbox"` switches a
safety off, so that a test can show that the harness notices. Once a file named as the log plus `.over` is there, nobody is
killed any more: so a test lets a mill heal without a restart. `FILEMILL_TEST_CRASH_ARMED` is a folder: a file named as a point
kills the next process that comes there, once. `FILEMILL_TEST_PAUSE="consumers"` holds loops back.
Without these variables a point costs one attribute look-up.
"""

import os
import random
import signal
from pathlib import Path

_SWITCH = "FILEMILL_TEST_CRASH"
_BREAK = "FILEMILL_TEST_BREAK"


def _parse(text: str) -> list[tuple[str, float]]:
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return [(name.strip(), float(chance or 1)) for name, _, chance in pairs]


_plan = _parse(os.environ.get(_SWITCH, ""))
_log = os.environ.get("FILEMILL_TEST_CRASH_LOG")
_armed = os.environ.get("FILEMILL_TEST_CRASH_ARMED")
_broken = frozenset(filter(None, os.environ.get(_BREAK, "").split(",")))
_paused = frozenset(filter(None, os.environ.get("FILEMILL_TEST_PAUSE", "").split(",")))
_dice = random.Random()  # noqa: S311 - a test's dice
# The mill forks its processes after the imports: with one state of the dice all of them, and each restart, would die alike.
os.register_at_fork(after_in_child=_dice.seed)


def crash_point(name: str) -> None:
    """Die here, with SIGKILL, if the running test asked for it."""
    if _plan or _armed:
        _maybe_die(name)


def broken(safety: str) -> bool:
    """Whether a test has sabotaged this safety (`inbox`, `fsync`, `confirm`)."""
    return safety in _broken


def paused(loops: str) -> bool:
    """Whether a test holds these loops back (`consumers`)."""
    return loops in _paused


def _maybe_die(name: str) -> None:
    if _armed and _is_armed(name):
        _die(name)
    for pattern, chance in _plan:
        matches = name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
        if matches and _dice.random() < chance:
            _die(name)


def _is_armed(name: str) -> bool:
    """Whether this process is the one that an armed point kills: who takes the file away."""
    try:
        os.unlink(f"{_armed}/{name}")  # noqa: PTH108 - a path object would cost more than the call
    except FileNotFoundError:
        return False
    return True


def _die(name: str) -> None:
    if _log and Path(f"{_log}.over").exists():
        return
    if _log:
        with Path(_log).open("a", encoding="ascii") as log:
            log.write(f"{name}\n")
    os.kill(os.getpid(), signal.SIGKILL)
