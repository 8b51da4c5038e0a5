"""The time of day. Durations are measured with `time.monotonic`, never with this.

Every room asks here and not the system (a lint says so), because here a clock can be wrong on purpose: see `faults`.
"""

import time
from datetime import UTC, datetime

from filemill.chassis import faults

JUMP_S = 120.0
"""Of a clock that is wrong: longer than any lease of a running process, so that all of them are over, or last, at once."""


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.fromtimestamp(unix_s(), UTC)


def unix_s() -> float:
    """The present moment in seconds since 1970, as tables keep it."""
    return time.time() + _off_s() if faults.possible() else time.time()


def _off_s() -> float:
    return JUMP_S * (faults.is_on("clock-ahead") - faults.is_on("clock-behind"))
