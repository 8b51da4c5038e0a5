"""Calls taken in lumps: a caller that comes often costs one question for many calls, one that comes seldom never more than one.

A lump doubles while it is used up within a second and is forgotten after it, so at most about half of what a caller takes is
lost to lumps that nobody used; the limit itself is never passed. A refusal is remembered for as long as it says, so a caller at
many times its limit costs the shared count nothing.
"""

import time
from dataclasses import dataclass

from filemill.chassis.limits.limiter import RateLimiter, Verdict

LEASE_S = 1.0
LUMP_MOST = 16
LUMP_SHARE = 20
"""No lump is more than this part of the burst: a caller with a small one is counted call by call."""
KEPT_MOST = 10_000


@dataclass(slots=True)
class _Lease:
    left: int
    lump: int
    remaining: int
    until_s: float
    refused: bool = False


class LeasingLimiter:
    """See `limiter.RateLimiter`, which it wraps."""

    def __init__(self, inner: RateLimiter) -> None:
        self._inner = inner
        self._leases: dict[str, _Lease] = {}

    async def allow(self, key: str, rate_per_s: float, burst: int, count: int = 1) -> Verdict:
        """See `RateLimiter.allow`."""
        now_s = time.monotonic()
        lease = self._leases.get(key)
        is_fresh = lease is not None and now_s < lease.until_s
        if lease is not None and is_fresh:
            if lease.refused:
                return Verdict(allowed=False, remaining=0, next_in_s=lease.until_s - now_s)
            if lease.left >= count:
                lease.left -= count
                return Verdict(allowed=True, remaining=lease.remaining + lease.left)
        most = max(1, min(LUMP_MOST, burst // LUMP_SHARE))
        # From an empty bucket there is no lump to be had: asking for one would be refused, and asked again.
        lump = min(lease.lump * 2, most) if lease is not None and is_fresh and lease.remaining else 1
        verdict = await self._inner.allow(key, rate_per_s, burst, max(lump, count))
        if not verdict.allowed and lump > count:
            lump = 1
            verdict = await self._inner.allow(key, rate_per_s, burst, count)
        self._keep(key, verdict, max(lump, count), count)
        remaining = verdict.remaining + max(lump - count, 0)
        return Verdict(verdict.allowed, remaining, 0.0 if remaining else verdict.next_in_s)

    def _keep(self, key: str, verdict: Verdict, taken: int, count: int) -> None:
        now_s = time.monotonic()
        before = self._leases.pop(key, None)
        if len(self._leases) >= KEPT_MOST:
            del self._leases[next(iter(self._leases))]
        if not verdict.allowed:
            self._leases[key] = _Lease(0, 1, 0, now_s + verdict.next_in_s, refused=True)
            return
        # Several callers may have asked at once: what each took is everybody's.
        left = before.left if before is not None and not before.refused and now_s < before.until_s else 0
        self._leases[key] = _Lease(left + taken - count, taken, verdict.remaining, now_s + LEASE_S)

    async def check(self) -> None:
        """See `RateLimiter.check`."""
        await self._inner.check()

    async def close(self) -> None:
        """See `RateLimiter.close`."""
        await self._inner.close()
