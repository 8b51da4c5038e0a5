"""What takes long at a start, told to whoever waits for it: without a word it looks like a hang, and is ended in its midst."""

import time
from collections.abc import Callable

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


def wait_for(is_free: Callable[[], bool], what: str) -> None:
    """Look until something is free. If it is not within `WAIT_S`, tell that this process `what`."""
    late_s = time.monotonic() + WAIT_S
    while not is_free():
        if late_s and time.monotonic() > late_s:
            takes_long(what)
            late_s = 0.0
        time.sleep(LOOK_S)
