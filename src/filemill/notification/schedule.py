"""When a delivery is tried again, and how long a webhook that failed is left in peace.

The waits are those that Standard Webhooks suggests: ten tries within some three days.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MINUTE_S, HOUR_S = 60.0, 3600.0
WAITS_S = (
    5.0,
    5 * MINUTE_S,
    30 * MINUTE_S,
    2 * HOUR_S,
    5 * HOUR_S,
    10 * HOUR_S,
    14 * HOUR_S,
    20 * HOUR_S,
    24 * HOUR_S,
)
TRIES_MOST = len(WAITS_S) + 1
JITTER = 0.2
"""Up to so much of a wait is added, so that what failed together does not come back together."""
ASKED_MOST_S = 24 * HOUR_S
"""A receiver may ask for more patience than that; it gets this much."""
REST_MOST_S = 60.0

Dice = Callable[[], float]


def wait_s(tries: int, asked_s: float | None, dice: Dice = random.random) -> float | None:
    """How long after try number `tries` the next one comes, `Retry-After` honoured; None: there is no next one."""
    if tries >= TRIES_MOST:
        return None
    planned_s = WAITS_S[tries - 1] * (1 + JITTER * dice())
    return max(planned_s, asked_s or 0.0)


def rest_s(failures: int, asked_s: float | None) -> float:
    """How long nothing is sent to a webhook after so many failed tries in a row, whatever else is due for it."""
    return max(min(REST_MOST_S, 2.0 ** min(failures - 1, 10)), asked_s or 0.0)


def asked_for_s(retry_after: str | None, now: datetime) -> float | None:
    """The seconds in a `Retry-After` (RFC 9110, 10.2.3: a number or a date), bounded; None for none or nonsense."""
    if not retry_after or len(retry_after) > 100:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after[:10]), ASKED_MOST_S)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), ASKED_MOST_S)
