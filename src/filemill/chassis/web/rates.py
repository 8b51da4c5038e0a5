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
            raise TooMany(
                f"At most {self.per_s:g} calls a second, {self.burst} at once; come back in {wait_s} s.",
                retry_after_s=wait_s,
                headers=said,
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
