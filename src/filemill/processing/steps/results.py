"""The shape of what processing finds out about a file, and of how each step ends.

The result is written inside the sandbox and checked outside it with `check`, because a hostile file may have written
it.
Not for: deciding. On failure: `check` raises pydantic's ValidationError; the run then counts as failed.
"""

from dataclasses import dataclass
from typing import Any, Literal

from typing_extensions import TypedDict

from filemill.processing.steps.shapes import checked, strict

StepState = Literal["done", "empty", "skipped", "unsupported", "needs-password", "rejected", "failed"]
TextState = Literal["found", "empty", "needs-password", "unsupported"]


@dataclass(frozen=True)
class StepEnd:
    """How a step ended; anything but `done` has a code and one sentence a user understands."""

    state: StepState
    code: str | None = None
    detail: str | None = None


DONE = StepEnd("done")


class StepError(Exception):
    """Raised by a step that cannot go on; it ends as `end` says and the other steps go on."""

    def __init__(self, end: StepEnd) -> None:
        super().__init__(end.detail)
        self.end = end


@strict
class StepRecord(TypedDict):
    """One line of the file's story."""

    name: str
    version: int
    state: StepState
    code: str | None
    detail: str | None
    duration_ms: float


@strict
class TextResult(TypedDict):
    """Whether there are words, and where: `path` is the JSON file of text_blob.py in the work folder."""

    state: TextState
    path: str | None
    characters: int
    language: str | None


@strict
class Rendition(TypedDict):
    """A picture made of the file, as a file of the work folder."""

    name: str
    path: str
    content_type: str
    width_px: int
    height_px: int
    size_bytes: int


@strict
class StepAdded(TypedDict):
    """What one step added to what was known before it: so much of the result can be kept, and given back, on its own."""

    step: str
    properties: dict[str, Any]
    text: TextResult | None
    renditions: list[str]


@strict
class Reject(TypedDict):
    """Why the file as a whole cannot be processed."""

    code: str
    detail: str


@strict
class RunResult(TypedDict):
    """Everything one run found out."""

    content_type: str
    type_evidence: dict[str, Any]
    plan: str
    steps: list[StepRecord]
    added: list[StepAdded]
    properties: dict[str, Any]
    text: TextResult
    renditions: list[Rendition]
    reject: Reject | None


def check(raw: dict[str, Any]) -> RunResult:
    """Return the result if it has exactly the shape above."""
    return checked(RunResult, raw)
