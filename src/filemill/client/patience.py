"""How long to go on after failures: full jitter, at least what `Retry-After` says, and an end.

Full jitter (a pause anywhere between nothing and a bound that doubles) spreads clients that failed at the same moment.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from filemill.client.errors import MillError
from filemill.client.steps import Answer, Call, Pause, Steps, ask

FIRST_S = 0.3
MOST_S = 10.0
RETRY_AFTER_MOST_S = 60.0
"""A server that asks for more is not waited for: the error says so."""
TRIES = 8
READ_TRIES = 4


@dataclass(slots=True)
class Patience:
    """Counts failures in a row. `dice` gives numbers from 0 to 1."""

    tries: int = TRIES
    dice: Callable[[], float] = random.random
    failed: int = 0

    def pause(self, error: MillError) -> Pause:
        """The pause before the next try. Raises the error when there is none left, or none can help."""
        self.failed += 1
        asked_s = error.retry_after_s or 0.0
        if self.failed >= self.tries or asked_s > RETRY_AFTER_MOST_S:
            raise error
        return Pause(asked_s + self.dice() * min(MOST_S, FIRST_S * 2 ** (self.failed - 1)))

    def progressed(self) -> None:
        """Something was achieved: the count begins anew."""
        self.failed = 0


def ask_again(call: Call, patience: Patience | None = None) -> Steps[Answer]:
    """Do a call that may be repeated without harm, until it succeeds or no retry can help."""
    patience = patience or Patience(READ_TRIES)
    while True:
        try:
            return (yield from ask(call))
        except MillError as error:
            if not error.retryable:
                raise
            yield patience.pause(error)
