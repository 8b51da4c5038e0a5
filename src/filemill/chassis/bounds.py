"""Bounds on values that came from outside."""

import re
from typing import Any

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
"""Control characters (C0, DEL, C1): never part of a word a person types, and six bytes each in JSON."""


def deeper_than(value: Any, most: int) -> bool:
    """Whether a JSON value is nested deeper than `most` objects and lists. Looks no deeper than that itself."""
    if not isinstance(value, dict | list):
        return False
    if most == 0:
        return True
    return any(deeper_than(inner, most - 1) for inner in (value.values() if isinstance(value, dict) else value))
