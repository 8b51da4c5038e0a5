"""How often somebody may call: by credential, and by address for those who show none that is good.

The rule is `limits.limiter`; here is who is counted as whom, and what the answer says of it (RateLimit header fields, IETF
draft 03). Our own services are not counted, and neither is anybody where nobody is asked for credentials.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from filemill.chassis.errors import TooMany
from filemill.chassis.identity.principal import Principal
from filemill.chassis.limits.limiter import RateLimiter, Verdict

SCOPE_KEY = "filemill.rates"
"""Where the edge of a service puts what counts calls."""
SAID_KEY = "filemill.rate_headers"
"""Where what is said of the count waits for the answer."""
REFUSED_KEY = "filemill.rate_refusal"
"""Where a refusal waits for the edge, which holds the caller back (`held_back`)."""
HOLD_S = 0.04
"""Short: what he may do comes back meanwhile, and he does it all at once. After a quarter of a second that was a dozen calls,
which everybody else waited for."""


class CalledTooOften(TooMany):
    """`hold_s`: how long the same caller need not be counted again, since his next call would be refused, or could be."""

    def __init__(self, detail: str, *, retry_after_s: int, headers: dict[str, str], hold_s: float) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, headers=headers)
        self.hold_s = hold_s

    def again(self) -> "CalledTooOften":
        """The same refusal for another call: one exception object must not gather the traces of many."""
        assert self.retry_after_s is not None
        return CalledTooOften(self.detail, retry_after_s=self.retry_after_s, headers=self.headers, hold_s=self.hold_s)


class Rates(Protocol):
    """Counts calls."""

    async def count(self, who: str) -> list[tuple[bytes, bytes]]:
        """Count a call; what the answer says of it. Raises `TooMany`."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Unlimited:
    """`FILEMILL_AUTH=none`, or a rate of 0."""

    async def count(self, who: str) -> list[tuple[bytes, bytes]]:  # noqa: ARG002 - the port's
        """See `Rates.count`."""
        return []

    async def close(self) -> None:
        """See `Rates.close`."""


@dataclass(frozen=True, slots=True)
class Limited:
    """So many a second, and so many at once, for each."""

    limiter: RateLimiter
    per_s: float
    burst: int

    async def count(self, who: str) -> list[tuple[bytes, bytes]]:
        """See `Rates.count`."""
        verdict = await self.limiter.allow(who, self.per_s, self.burst)
        if not verdict.allowed:
            wait_s = max(1, math.ceil(verdict.retry_after_s))
            said = {name.decode(): value.decode() for name, value in self._said(verdict)}
            # No longer than half the bucket takes to fill: nothing of what he may do is lost meanwhile.
            hold_s = max(verdict.retry_after_s, min(HOLD_S, self.burst / self.per_s / 2))
            raise CalledTooOften(
                f"At most {self.per_s:g} calls a second, {self.burst} at once; come back in {wait_s} s.",
                retry_after_s=wait_s,
                headers=said,
                hold_s=hold_s,
            )
        return self._said(verdict)

    async def close(self) -> None:
        """See `Rates.close`."""
        await self.limiter.close()

    def _said(self, verdict: Verdict) -> list[tuple[bytes, bytes]]:
        full_in_s = math.ceil((self.burst - verdict.remaining) / self.per_s)
        return [
            (b"ratelimit-limit", b"%d" % self.burst),
            (b"ratelimit-remaining", b"%d" % verdict.remaining),
            (b"ratelimit-reset", b"%d" % full_in_s),
        ]


def name_of(principal: Principal) -> str | None:
    """Whom a call is counted as; None: it is not counted. Each session is counted apart."""
    if principal.how in ("none", "service"):
        return None
    return f"{principal.how}:{principal.credential_id or principal.owner_id}"
