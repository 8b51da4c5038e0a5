"""What a model of the shelf is asked about: what processing made of one file (text in chunks, preview), never the file itself.

Text is data: a chunk goes to a model as it is and is not obeyed by anybody. Not for: asking (`served`).
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from filemill.ai.repository import Vector
from filemill.contracts.upload import Reason

TEXT_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters `start` to `end` of a page, numbered in reading order."""

    number: int
    page: int
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Material:
    """What there is of a file to ask about: paths of processing's text and preview, None where there is none."""

    text: Path | None
    preview: Path | None
    language: str | None = None
    """Of the text, as far as it was recognised."""
    until_s: float = math.inf
    """On the monotonic clock: what takes long stops here with what it has."""
    vectors: list[Vector] = field(default_factory=list)
    """Filled by `embeddings`."""

    @property
    def is_too_large(self) -> bool:
        """Whether the text is more than is read at once."""
        return self.text is not None and self.text.stat().st_size > TEXT_MOST_BYTES


def nothing(code: str, detail: str, state: str = "empty") -> dict[str, Any]:
    return {"state": state, "reason": Reason(code=code, detail=detail)}


def chunks_of(text: Path | None) -> list[Chunk]:
    """The chunks that processing cut the text into; a text without them (of an older version) has none."""
    if text is None:
        return []
    document = orjson.loads(text.read_bytes())
    pages = {page["number"]: page["text"] for page in document["pages"]}
    cut = ((one["page"], one["start"], one["end"]) for one in document.get("chunks", ()))
    words = ((page, start, end, pages.get(page, "")[start:end]) for page, start, end in cut)
    return [Chunk(number, *one) for number, one in enumerate(words) if one[3].strip()]
