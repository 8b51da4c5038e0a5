"""The one thing a capability looks at: the facts, pages of text and preview of one file.

Not for reading files or the database: whoever starts the work puts the text and the preview here (see `run`). The text
is data only; nothing in it is run, opened or obeyed. A span outside the text raises `ValueError` (a caller's bug).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from filemill.ai.capabilities.results import Box

if TYPE_CHECKING:
    from filemill.ai.capabilities.results import CapabilityResult

PAGE_BREAK = "\n"  # one character between two pages, so that words of different pages never touch


class PlacedLine(NamedTuple):
    """Where the characters `start` to `end` (exclusive) of a page's text stand on it: shares of its sides."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class Page:
    """One page (or slide, or sheet) of extracted text, numbered from 1; `lines` in the order of the text, if known."""

    number: int
    text: str
    lines: tuple[PlacedLine, ...] = ()

    def box_of(self, start: int, end: int) -> Box | None:
        """Return the box around the lines that these characters stand in; None where no place is known."""
        first = bisect_right(self.lines, start, key=lambda line: line.end)
        touched = [line.box for line in self.lines[first : bisect_left(self.lines, end, key=lambda line: line.start)]]
        if not touched:
            return None
        left, top = min(box.left for box in touched), min(box.top for box in touched)
        right = max(box.left + box.width for box in touched)
        bottom = max(box.top + box.height for box in touched)
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class Subject:
    """One file as ai sees it. `preview` is a picture made by our own sandbox, never the file itself."""

    file_id: str
    filename: str
    content_type: str
    size_bytes: int
    pages: tuple[Page, ...] = ()
    properties: Mapping[str, object] = field(default_factory=dict)
    preview: Path | None = None
    findings: Mapping[str, "CapabilityResult"] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """All pages, joined by `PAGE_BREAK`."""
        return PAGE_BREAK.join(page.text for page in self.pages)

    @property
    def characters(self) -> int:
        """How long `text` is, without building it."""
        return sum(len(page.text) for page in self.pages) + max(0, len(self.pages) - 1)

    @cached_property
    def _pages_by_number(self) -> dict[int, Page]:
        return {page.number: page for page in self.pages}

    def box_of(self, page: int, start: int, end: int) -> Box | None:
        """Return where on its page a span stands, as far as processing knows the places of lines."""
        found = self._pages_by_number.get(page)
        return None if found is None else found.box_of(start, end)

    def beginning(self, limit_characters: int) -> "Subject":
        """Return the same subject with only the first `limit_characters` of text."""
        if self.characters <= limit_characters:
            return self
        return replace(self, pages=tuple(_clipped(self.pages, limit_characters)))

    def with_finding(self, result: "CapabilityResult") -> "Subject":
        """Return the subject as the next capability sees it: this result is known."""
        return replace(self, findings={**self.findings, result.capability: result})

    def found(self, capability: str) -> Mapping[str, object]:
        """Return what another capability found before, or nothing if it did not run or found nothing."""
        earlier = self.findings.get(capability)
        return earlier.result if earlier is not None and earlier.state == "done" and earlier.result else {}

    @property
    def language(self) -> str | None:
        """The language found before, as an ISO 639 code, or None."""
        code = self.found("language").get("language")
        return code if isinstance(code, str) else None


def _clipped(pages: tuple[Page, ...], limit_characters: int) -> Iterator[Page]:
    left = limit_characters
    for page in pages:
        if left <= 0:
            return
        yield page if len(page.text) <= left else replace(page, text=page.text[:left])
        left -= len(page.text) + len(PAGE_BREAK)
