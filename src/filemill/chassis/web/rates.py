"""How often somebody may call: by credential, and by address for those who show none that is good.

The rule is `limits.limiter`; here is who is counted as whom, and what the answer says of it (RateLimit header fields, IETF
draft 03). Our own services are not counted, and neither is anybody where nobody is asked for credentials.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from filemill.chassis.errors import TooMany
from filemill.chassis.identity.principal import Principal
from filemill.chassis.limits.limiter import RateLimiter, Verdict

SCOPE_KEY = "filemill.rates"
"""Where the edge of a service puts what counts calls."""
SAID_KEY = "filemill.rate_headers"
"""Where what is said of the count waits for the answer."""
HOLD_KEY = "filemill.hold_back"
"""Where the edge puts what holds this caller back with a `CalledTooOften` (`held_back`)."""


class CalledTooOften(TooMany):
    """`hold_s`: how long from now every call of the same caller would be refused, so that none need be counted."""

    def __init__(self, detail: str, *, retry_after_s: int, headers: dict[str, str], hold_s: float) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, headers=headers)
        self.hold_s = hold_s

    def again(self) -> "CalledTooOften":
        """The same refusal for another call: one exception object must not gather the traces of many."""
        assert self.retry_after_s is not None
        return CalledTooOften(self.detail, retry_after_s=self.retry_after_s, headers=self.headers, hold_s=self.hold_s)


@dataclass(frozen=True, slots=True)
class Counted:
    """A call that may pass: what the answer says of it, and if it was the last one for now, what the next would be told."""

    headers: Sequence[tuple[bytes, bytes]]
    next_refusal: CalledTooOften | None = None


_NOT_COUNTED = Counted(())


class Rates(Protocol):
    """Counts calls."""

    async def count(self, who: str) -> Counted:
        """Count a call. Raises `CalledTooOften`."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Unlimited:
    """`FILEMILL_AUTH=none`, or a rate of 0."""

    async def count(self, who: str) -> Counted:  # noqa: ARG002 - the port's
        """See `Rates.count`."""
        return _NOT_COUNTED

    async def close(self) -> None:
        """See `Rates.close`."""


@dataclass(frozen=True, slots=True)
class Limited:
    """So many a second, and so many at once, for each."""

    limiter: RateLimiter
    per_s: float
    burst: int

    async def count(self, who: str) -> Counted:
        """See `Rates.count`."""
        verdict = await self.limiter.allow(who, self.per_s, self.burst)
        if not verdict.allowed:
            raise self._refusal(verdict)
        return Counted(self._said(verdict), self._refusal(verdict) if verdict.next_in_s else None)

    async def close(self) -> None:
        """See `Rates.close`."""
        await self.limiter.close()

    def _refusal(self, verdict: Verdict) -> CalledTooOften:
        wait_s = max(1, math.ceil(verdict.next_in_s))
        return CalledTooOften(
            f"At most {self.per_s:g} calls a second, {self.burst} at once; come back in {wait_s} s.",
            retry_after_s=wait_s,
            headers={name.decode(): value.decode() for name, value in self._said(verdict)},
            hold_s=verdict.next_in_s,
        )

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
