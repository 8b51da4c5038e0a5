"""How many requests may wait for their answers at one time: about as many as are answered within half a second.

Who takes in all that comes makes each wait longer the more there are, until everybody has given up by the time it is his turn:
then all the work is done for nobody. What waits, divided by what is answered a second, is how long a newcomer will wait
(Little's law), so the bound follows what the service really does, and nobody has to guess how fast a machine is. The rest is
told at once to come again, and when: once as many as were refused with him can have been answered.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

WAIT_S = 0.5
"""What a newcomer may have to wait, going by the last second."""
FLOOR = 64
"""So many may always wait: after a quiet time nothing is known of how many are answered a second."""
SMALL_BODY_BYTES = 64 * 1024
"""A body up to here is taken to be there with its head; who sends more may take his time, and is not our work until then."""
WINDOW_S = 1.0
RETRY_MOST_S = 30


class Admission:
    """The requests to one service, or in one process, that wait for the beginning of their answer.

    `told` hears at most once a second how many were refused meanwhile: a line for each would cost more than its refusal.
    """

    def __init__(
        self,
        *,
        floor: int = FLOOR,
        told: Callable[[int], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.waiting = 0
        self.most = floor
        self.retry_after_s = 1
        """What the refused are told, in whole seconds."""
        self._floor, self._told, self._clock = floor, told, clock
        self._began_s = clock()
        self._answered = self._refused = 0

    def admits(self) -> bool:
        """Whether one more may come; False counts him as refused."""
        self._look()
        if self.waiting < self.most:
            return True
        self._refused += 1
        return False

    def place(self) -> Place:
        """The place of one that was admitted; he waits from `Place.take` on."""
        return Place(self)

    def _left(self, *, answered: bool) -> None:
        self.waiting -= 1
        self._answered += answered
        self._look()

    def _look(self) -> None:
        passed_s = self._clock() - self._began_s
        if passed_s < WINDOW_S:
            return
        self.most = max(self._floor, int(self._answered / passed_s * WAIT_S))
        self.retry_after_s = min(max(1, math.ceil(self._refused / max(1, self._answered))), RETRY_MOST_S)
        if self._refused and self._told is not None:
            self._told(self._refused)
        self._began_s += passed_s
        self._answered = self._refused = 0


class Place:
    """One request among those that wait. Taking and leaving it again changes nothing."""

    __slots__ = ("_admission", "_taken")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._taken = False

    def take(self) -> None:
        """The request is complete: from here on it is the service's work."""
        if not self._taken:
            self._taken = True
            self._admission.waiting += 1

    def leave(self, *, answered: bool) -> None:
        """The answer begins; not `answered`: the client left, or the service failed."""
        if self._taken:
            self._taken = False
            self._admission._left(answered=answered)
