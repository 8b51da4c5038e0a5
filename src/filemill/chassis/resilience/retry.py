"""Trying again, in one place: at most three attempts, waits with full jitter, within a budget of a tenth of all calls.

Only for calls that may be repeated without harm; the total time is the caller's affair (`deadline`). What may be worth
another try says `worth`: an error it refuses, or one past the budget, is raised at once. A `Retry-After` is honoured, and
so is the deadline: a pause past it is not begun. The budget keeps a dependency that is in trouble from getting three times
the load. Source of full jitter: AWS Architecture Blog, "Exponential Backoff and Jitter", 2015.
"""

import random
from collections.abc import AsyncIterator, Callable

import stamina

from filemill.chassis.resilience import deadline
from filemill.chassis.telemetry import metrics

ATTEMPTS = 3
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 1.0
SHARE = 0.1
SAVED_MOST = 10.0
"""Retries that may be saved up in quiet times: a lone failure after a start may be repeated, a storm may not."""


class RetryBudget:
    """How many retries a dependency's callers have left: each call earns a tenth of one."""

    def __init__(self, dependency: str) -> None:
        self.dependency = dependency
        self._saved = SAVED_MOST

    def earn(self) -> None:
        """A call is made."""
        self._saved = min(SAVED_MOST, self._saved + SHARE)

    def spend(self) -> bool:
        """Whether one more retry is within the budget; it is taken then."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


async def attempts(
    budget: RetryBudget,
    worth: Callable[[Exception], bool],
    wait_asked_s: Callable[[Exception], float | None] = lambda _error: None,
) -> AsyncIterator[stamina.Attempt]:
    """`async for attempt in attempts(...): with attempt: …` — as `stamina.retry_context`, by the rules of the house.

    `wait_asked_s`: the pause a dependency asked for with this error (`Retry-After`), None if it did not.
    """
    budget.earn()
    tried = 0

    def again(error: Exception) -> bool | float:
        nonlocal tried
        tried += 1
        if not worth(error) or tried >= ATTEMPTS:
            return False
        asked_s = wait_asked_s(error)
        # Full jitter, unless the dependency said when.
        most_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tried - 1))
        wait_s = random.uniform(0, most_s) if asked_s is None else asked_s  # noqa: S311 - jitter, not a secret
        if wait_s >= deadline.left_s():
            return False  # nobody would be there to hear the answer
        allowed = budget.spend()
        metrics.RETRIES.labels(dependency=budget.dependency, outcome="made" if allowed else "over budget").inc()
        return wait_s if allowed else False

    # The waits are ours; stamina counts, sleeps, logs and measures.
    async for attempt in stamina.retry_context(on=again, attempts=ATTEMPTS, timeout=None):
        yield attempt
