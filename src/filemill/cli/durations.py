"""Lengths of time as people write them: 90m, 12h, 30d, 8w, 1y. What they are for, and how long may be, says the command."""

import re

_UNITS_S = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 366 * 86400}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhdwy])")


def seconds_in(text: str) -> int | None:
    """How many seconds that is; None if it is no length of time."""
    match = _DURATION.fullmatch(text)
    return int(match[1]) * _UNITS_S[match[2]] if match else None
