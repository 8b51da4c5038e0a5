"""How long to wait before a unit that died is started again.

Doubles from a tenth of a second to ten, and starts over once the unit was healthy for a while: a unit that is killed
now and then comes back at once, and one that cannot live does not burn the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 0.1
MAX_S = 10.0
HEALTHY_S = 30.0


@dataclass
class Backoff:
    """One unit's waiting time; takes times, knows no clock."""

    first_s: float = FIRST_S
    max_s: float = MAX_S
    healthy_s: float = HEALTHY_S
    _next_s: float | None = None

    def after_death(self, healthy_for_s: float) -> float:
        """The seconds to wait now, for a unit that had been ready for `healthy_for_s` (0 if it never was)."""
        if self._next_s is None or healthy_for_s >= self.healthy_s:
            self._next_s = self.first_s
        delay_s, self._next_s = self._next_s, min(self._next_s * 2, self.max_s)
        return delay_s
