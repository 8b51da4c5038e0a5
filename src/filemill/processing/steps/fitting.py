"""Lists among a file's properties: as many as fit, since properties travel in an event and are bounded together.

Not for: text, which has its own file (text_blob.py). Nothing here fails.
"""

from collections.abc import Iterable
from typing import Any

import orjson

# Three such lists and everything else still fit into the bound of all properties (processing/run.py).
LIST_MAX_BYTES = 5 * 1024


def first_that_fit(items: Iterable[Any], *, max_bytes: int = LIST_MAX_BYTES) -> list[Any]:
    """Return the first items whose JSON together is at most so large; takes no more of them than it needs to know."""
    kept: list[Any] = []
    left = max_bytes
    for item in items:
        left -= len(orjson.dumps(item)) + 1
        if left < 0:
            break
        kept.append(item)
    return kept
