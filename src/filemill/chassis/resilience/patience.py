"""Wait at a start for an engine that is not there yet, and say for what.

Not for: calls while a service runs (`retry`, `breaker`). On failure: the last reason, once the patience is over.
"""

import time
from collections.abc import Callable

from filemill.chassis.errors import StartError

PAUSE_S = 2.0


def patiently(
    step: Callable[[], str], until_s: float, say: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Take a step until it succeeds, and say what it tells; a reason to wait is said once.

    `until_s`: on the monotonic clock. Raises `StartError` if it fails then.
    """
    said = ""
    while True:
        try:
            say(step())
            return
        except StartError as error:
            if time.monotonic() >= until_s:
                raise
            if str(error) != said:
                said = str(error)
                say(f"waiting: {said}")
        sleep(PAUSE_S)
