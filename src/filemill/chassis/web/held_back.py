"""Callers who may not call again yet: told so at a fraction of the cost.

Finding the route, the caller and his count costs about as much as an answer, so whoever calls at ten times his limit would take
the time of everybody else by being refused. The count says when the next call may pass (`CalledTooOften.hold_s`); until then
the same credentials are refused at the edge of the service, before anything is looked up. Not a moment longer: what came back
meanwhile he would do all at once, and everybody else would wait for that.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.telemetry import metrics
from filemill.chassis.web.rates import CalledTooOften

KEPT_MOST = 1_000
TOLD_EVERY_S = 1.0
"""One line for all refusals of such a time: a line for each would cost more than the refusal."""
_CREDENTIALS = (IDENTITY_HEADER.encode(), b"authorization", b"cookie")
_log = structlog.get_logger()

Credentials = tuple[bytes | None, ...]


@dataclass(slots=True)
class _Held:
    error: CalledTooOften
    until_s: float
    told_s: float
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
            return None
        held.refused += 1
        metrics.CALLS_HELD_BACK.inc()
        return held.error.again()

    def hold(self, headers: Mapping[bytes, bytes], error: CalledTooOften) -> None:
        """Hold him back for as long as the refusal says."""
        shown = _shown(headers)
        if not any(shown):
            return
        now_s = self._clock()
        held = self._held.pop(shown, None) or _Held(error, now_s, now_s)
        held.error, held.until_s = error, now_s + error.hold_s
        self._held[shown] = held
        oldest = next(iter(self._held.values()))
        if len(self._held) > KEPT_MOST or oldest.until_s + TOLD_EVERY_S < now_s:
            _tell(self._held.pop(next(iter(self._held))), now_s)
        if now_s - held.told_s >= TOLD_EVERY_S:
            _tell(held, now_s)


def _tell(held: _Held, now_s: float) -> None:
    if held.refused:
        _log.info("http.calls.held-back", calls=held.refused, detail=held.error.detail)
    held.refused, held.told_s = 0, now_s


def _shown(headers: Mapping[bytes, bytes]) -> Credentials:
    return tuple(headers.get(name) for name in _CREDENTIALS)
