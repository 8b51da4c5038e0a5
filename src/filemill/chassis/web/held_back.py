"""Callers who were told a moment ago that they call too often: told again, at a tenth of the cost.

Finding the route, the caller and his count costs about as much as an answer, so whoever calls at ten times his limit would take
the time of everybody else by being refused. For `CalledTooOften.hold_s` after a refusal the same credentials are refused at the
edge of the service, before anything is looked up; what the caller may do in that time is not lost, his bucket fills meanwhile.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.telemetry import metrics
from filemill.chassis.web.rates import CalledTooOften

KEPT_MOST = 1_000
_CREDENTIALS = (IDENTITY_HEADER.encode(), b"authorization", b"cookie")
_log = structlog.get_logger()

Credentials = tuple[bytes | None, ...]


@dataclass(slots=True)
class _Held:
    error: CalledTooOften
    until_s: float
    refused: int = 0


class HeldBack:
    """Remembers the refused by what they showed. Who shows nothing is not held: an address is many people's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[Credentials, _Held] = {}

    def refusal(self, headers: Mapping[bytes, bytes]) -> CalledTooOften | None:
        """What to answer whoever sends these headers; None: he is not held back."""
        if not self._held:
            return None
        held = self._held.get(_shown(headers))
        if held is None:
            return None
        if self._clock() >= held.until_s:
            self._let_go(_shown(headers))
            return None
        held.refused += 1
        metrics.CALLS_HELD_BACK.inc()
        return held.error.again()

    def hold(self, headers: Mapping[bytes, bytes], error: CalledTooOften) -> None:
        """He was refused: hold him back for as long as the refusal says."""
        shown = _shown(headers)
        if not any(shown):
            return
        self._let_go(shown)
        if len(self._held) >= KEPT_MOST:
            self._let_go(next(iter(self._held)))
        self._held[shown] = _Held(error, self._clock() + error.hold_s)

    def _let_go(self, shown: Credentials) -> None:
        held = self._held.pop(shown, None)
        if held is not None and held.refused:
            # One line for all of them: a line for each would cost more than the refusal.
            _log.info("http.calls.held-back", calls=held.refused, detail=held.error.detail)


def _shown(headers: Mapping[bytes, bytes]) -> Credentials:
    return tuple(headers.get(name) for name in _CREDENTIALS)
