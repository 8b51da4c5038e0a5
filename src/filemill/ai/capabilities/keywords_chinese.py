"""Keywords of a Chinese text: runs of two to four signs that occur at least twice; no dictionary, no segmentation.

A longer run replaces a shorter one that occurs (almost) only inside it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log2

from filemill.ai.capabilities.stop_words import CHINESE_STOP_SIGNS
from filemill.ai.capabilities.subject import Page

_SIGNS = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
LENGTHS = (4, 3, 2)
MIN_COUNT = 2

Scored = tuple[str, tuple[int, int, int], int, float]  # text, (page, start, end), count, score


def chinese_terms(pages: Sequence[Page]) -> list[Scored]:
    """Return the repeated runs with their first place, count and score."""
    counts: Counter[str] = Counter()
    first: dict[str, tuple[int, int, int]] = {}
    for page in pages:
        for match in _SIGNS.finditer(page.text):
            run = match.group()
            for length in LENGTHS:
                for offset in range(len(run) - length + 1):
                    term = run[offset : offset + length]
                    if not CHINESE_STOP_SIGNS.isdisjoint(term):
                        continue
                    counts[term] += 1
                    start = match.start() + offset
                    first.setdefault(term, (page.number, start, start + length))
    repeated = {term: count for term, count in counts.items() if count >= MIN_COUNT}
    inside: Counter[str] = Counter()
    for term, count in repeated.items():
        for length in range(2, len(term)):
            for offset in range(len(term) - length + 1):
                part = term[offset : offset + length]
                inside[part] = max(inside[part], count)
    kept = {term: count for term, count in repeated.items() if inside[term] * 4 < count * 3}
    return [(term, first[term], count, log2(1 + count) * (1 + 0.1 * len(term))) for term, count in kept.items()]
