"""How long the caller of the present work will still wait: a call made for it never takes longer than that.

The edge sets it from the header a calling service sends, `service_client` hands on what is left. Times are monotonic.
"""

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from filemill.chassis.errors import Unavailable


class Over(Unavailable):
    """The caller's own deadline came before any answer could be expected: nobody's fault, no breaker counts it."""

    def __init__(self) -> None:
        super().__init__("The time the caller gave is over.")


HEADER = "X-Deadline-Ms"
"""Milliseconds the caller still waits. It can only shorten, so it is believed whoever sends it."""
MOST_MS = 3_600_000

_until_s: ContextVar[float | None] = ContextVar("filemill_deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Inside the block the deadline is `seconds` from now, or an earlier one that holds already."""
    until_s = time.monotonic() + seconds
    before = _until_s.get()
    token = _until_s.set(until_s if before is None else min(before, until_s))
    try:
        yield
    finally:
        _until_s.reset(token)


def left_s(most_s: float = math.inf) -> float:
    """What a call may take: `most_s`, or what is left if that is less; 0 when the deadline is over."""
    until_s = _until_s.get()
    return most_s if until_s is None else max(0.0, min(most_s, until_s - time.monotonic()))


def as_asked(header: str | None) -> AbstractContextManager[None]:
    """The deadline of the request at hand, by its header; none without one, or for one that is no number."""
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 9:
        return nullcontext()
    return within(min(int(header), MOST_MS) / 1000)
