"""Bounds on values that came from outside."""

import math
import re
from typing import Any

import orjson

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
"""Control characters (C0, DEL, C1): never part of a word a person types, and six bytes each in JSON."""


def deeper_than(value: Any, most: int) -> bool:
    """Whether a JSON value is nested deeper than `most` objects and lists. Looks no deeper than that itself."""
    if not isinstance(value, dict | list):
        return False
    if most == 0:
        return True
    return any(deeper_than(inner, most - 1) for inner in (value.values() if isinstance(value, dict) else value))


def flaw_of_json(value: Any, *, most_depth: int, most_bytes: int) -> str | None:
    """Why a value out of a JSON body cannot be kept as JSON, as the end of a sentence; None if it can.

    Python's parser lets more through than JSON can carry back: NaN, lone surrogates, integers of any length.
    """
    if deeper_than(value, most_depth):
        return f"may be nested {most_depth} deep"
    if not _is_finite(value):
        return "may hold finite numbers only"
    try:
        size = len(orjson.dumps(value))
    except TypeError:
        return "may hold integers of 64 bits and texts of whole Unicode characters only"
    return f"may have {most_bytes} bytes in all" if size > most_bytes else None


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_is_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)
