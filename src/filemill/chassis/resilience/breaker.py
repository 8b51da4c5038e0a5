"""A circuit breaker per dependency: five failures in a row open it for a while, then ONE probe decides.

The first pause is short, since most outages are restarts; each probe that fails doubles it, up to a minute.

Ours because the well-known ones fail here: pybreaker never opens on async code, others let every waiting caller probe.
While it is open, calls are refused at once with `Unavailable`.
"""

import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from filemill.chassis.errors import FilemillError, Unavailable
from filemill.chassis.resilience import deadline
from filemill.chassis.telemetry import metrics

FAILURES_TO_OPEN = 5
OPEN_FIRST_S = 5.0
OPEN_LONGEST_S = 60.0

_all: "weakref.WeakSet[Breaker]" = weakref.WeakSet()
"""Every breaker of this process, for `/health`: as the metric beside it, one list for all."""


def not_closed() -> "list[Breaker]":
    """The breakers of this process that refuse calls now, by name."""
    return sorted((one for one in _all if one.is_open), key=lambda one: one.name)


class Breaker:
    """Guards one dependency: `async with breaker.call(): ...`."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._open_s = OPEN_FIRST_S
        self._clock = clock
        self._failures = 0
        self._open_until_s: float | None = None
        self._probing = False
        metrics.BREAKER_STATE.labels(dependency=name).set(0)
        _all.add(self)

    @property
    def is_open(self) -> bool:
        """Whether calls are refused now."""
        return self._open_until_s is not None

    @property
    def is_probing(self) -> bool:
        """Whether one call is let through now, to see."""
        return self._probing

    @property
    def next_try_s(self) -> float:
        """Seconds until the next call is let through; 0 if it may be made now."""
        return 0.0 if self._open_until_s is None else max(0.0, self._open_until_s - self._clock())

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Run the block if the breaker lets it; its exception counts, unless it is the caller's own fault (4xx)."""
        is_probe = self._admit()
        try:
            yield
        except deadline.Over:
            if is_probe:
                self._probing = False  # too little time to say anything about the dependency: the next caller probes
            raise
        except FilemillError as error:
            if error.status >= 500:
                self._failed(is_probe=is_probe)
            else:
                self._succeeded(is_probe=is_probe)
            raise
        except Exception:
            self._failed(is_probe=is_probe)
            raise
        except BaseException:
            if is_probe:
                self._probing = False  # cancelled: says nothing about the dependency, the next caller probes
            raise
        self._succeeded(is_probe=is_probe)

    def _admit(self) -> bool:
        """Whether this call is the probe. Raises `Unavailable` if it may not be made."""
        if self._open_until_s is None:
            return False
        left_s = self._open_until_s - self._clock()
        if left_s > 0 or self._probing:
            raise Unavailable(f"{self.name} is away; it is asked again soon.", retry_after_s=max(1, round(left_s)))
        self._probing = True
        return True

    def _succeeded(self, *, is_probe: bool) -> None:
        if self.is_open and not is_probe:
            return  # a slow call from before it opened: only the probe decides
        self._failures, self._open_until_s, self._probing, self._open_s = 0, None, False, OPEN_FIRST_S
        metrics.BREAKER_STATE.labels(dependency=self.name).set(0)

    def _failed(self, *, is_probe: bool) -> None:
        if self.is_open and not is_probe:
            return
        self._failures += 1
        if is_probe:
            self._open_s = min(self._open_s * 2, OPEN_LONGEST_S)
        if is_probe or self._failures >= FAILURES_TO_OPEN:
            self._open_until_s, self._probing = self._clock() + self._open_s, False
            metrics.BREAKER_STATE.labels(dependency=self.name).set(1)
