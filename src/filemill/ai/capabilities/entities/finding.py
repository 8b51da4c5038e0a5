"""One recognised thing in one page's text, and how findings that overlap are settled."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is the page's text from `start` to `end`; `value` is the same in a normal form."""

    kind: str
    value: str
    text: str
    start: int
    end: int
    confidence: float
    details: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def at(
        cls, kind: str, value: str, text: str, span: tuple[int, int], confidence: float, **details: object
    ) -> "Finding":
        """Make a finding from a page's text and a span of it, so that `text` is right by construction."""
        return cls(kind, value, text[span[0] : span[1]], span[0], span[1], confidence, details)


class Taken:
    """Characters of a page that already belong to a finding; asking is O(log n)."""

    def __init__(self) -> None:
        """Start with nothing taken."""
        self._starts: list[int] = []
        self._ends: list[int] = []

    def overlaps(self, start: int, end: int) -> bool:
        """Whether any taken span shares a character with this one."""
        index = bisect_right(self._ends, start)
        return index < len(self._starts) and self._starts[index] < end

    def add(self, start: int, end: int) -> None:
        """Take a span that overlaps nothing taken before."""
        index = bisect_left(self._starts, start)
        self._starts.insert(index, start)
        self._ends.insert(index, end)


def settle(findings: Iterable[Finding], taken: Taken) -> list[Finding]:
    """Keep the findings that overlap nothing taken so far, in the order given, and take their place."""
    kept = []
    for finding in findings:
        if not taken.overlaps(finding.start, finding.end):
            taken.add(finding.start, finding.end)
            kept.append(finding)
    return kept
