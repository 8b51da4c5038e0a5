"""What takes long at a start, told to whoever waits for it: without a word it looks like a hang, and is ended in its midst."""

import time
from collections.abc import Callable, Iterator

import structlog

WAIT_S = 5.0
"""Others' work that is over sooner is not worth a word."""
LOOK_S = 0.1
OTHERS_MIGRATE = "waits for another process that brings the database up to date"

_log = structlog.get_logger()


def _note(what: str) -> None:
    _log.info("start.takes_long", what=what)


_tell: Callable[[str], None] = _note


def listen(tell: Callable[[str], None]) -> None:
    """From now on this process tells it so; else it is in the log."""
    global _tell
    _tell = tell


def takes_long(what: str) -> None:
    """A sentence without its subject: "brings its database up to date"."""
    _tell(what)


def pauses(what: str) -> Iterator[float]:
    """Between looks at what others are at (seconds). If they still are after `WAIT_S`, it is told that this process `what`."""
    late_s = time.monotonic() + WAIT_S
    while time.monotonic() <= late_s:
        yield LOOK_S
    takes_long(what)
    while True:
        yield LOOK_S
