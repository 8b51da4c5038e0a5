"""The port to the rate limits: one allowance per key, shared by all instances of all services. Chosen by `build`.

The rule is GCRA (ITU-T I.371, annex A), a token bucket that keeps one number: the time at which the bucket is full again.
If the shared count cannot be asked, calls are let through: the limit keeps one caller from crowding out the others, it
guards no secret (keys and session ids are 256 random bits, there are no passwords to try), and closing would turn the
loss of a counter into the loss of the service. What passed unchecked is counted in a metric.
"""

from dataclasses import dataclass
from typing import Protocol

from filemill.chassis.errors import Unavailable
from filemill.chassis.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may pass. `remaining` are calls that may follow at once, the next one in `next_in_s` (0: at once)."""

    allowed: bool
    remaining: int
    next_in_s: float = 0.0


class RateLimiter(Protocol):
    """Counts calls."""

    async def allow(self, key: str, rate_per_s: float, burst: int, count: int = 1) -> Verdict:
        """Take `count` calls of `key`, if it has as many: `burst` at once, and `rate_per_s` more each second.

        Atomic: of many that ask at once no more than that pass. A refused call costs nothing. Raises `Unavailable`.
        """
        ...

    async def check(self) -> None:
        """Raise `Unavailable` if calls cannot be counted."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class FailOpen:
    """A limiter that lets a call pass when the one inside cannot be asked."""

    def __init__(self, inner: RateLimiter) -> None:
        self._inner = inner

    async def allow(self, key: str, rate_per_s: float, burst: int, count: int = 1) -> Verdict:
        """See `RateLimiter.allow`; never raises `Unavailable`."""
        try:
            return await self._inner.allow(key, rate_per_s, burst, count)
        except Unavailable:
            metrics.RATE_UNCHECKED.inc()
            return Verdict(allowed=True, remaining=0)

    async def check(self) -> None:
        """See `RateLimiter.check`."""
        await self._inner.check()

    async def close(self) -> None:
        """See `RateLimiter.close`."""
        await self._inner.close()


def judge(
    full_at_s: float | None, now_s: float, rate_per_s: float, burst: int, count: int = 1
) -> tuple[Verdict, float]:
    """The rule: from when the bucket is full again, the verdict and when it is full again after it."""
    every_s = 1 / rate_per_s
    # A clock that was set back must not lock anybody out for longer than an empty bucket does.
    full_at_s = min(max(full_at_s or now_s, now_s), now_s + burst * every_s)
    after_s = full_at_s + count * every_s
    room_s = now_s + burst * every_s - after_s
    if room_s < -ROUNDING_S:
        return Verdict(allowed=False, remaining=0, next_in_s=-room_s), full_at_s
    remaining = int((room_s + ROUNDING_S) * rate_per_s)
    return Verdict(allowed=True, remaining=remaining, next_in_s=0.0 if remaining else every_s - room_s), after_s


ROUNDING_S = 1e-6
"""Times near 2e9 s have about 2e-7 s in a float; a call must not be refused, or shown as one fewer, for that."""
