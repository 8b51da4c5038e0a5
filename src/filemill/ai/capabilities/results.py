"""What a capability answers: a state, a JSON-able result, and where in the file it comes from.

A capability returns an `Outcome`; `run` adds the model, its digest and the time and makes a `CapabilityResult`. Not for
storing: the ai repository keeps `as_json()`. An outcome never raises; what went wrong is a `Reason`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["done", "empty", "needs-download", "unsupported", "failed"]
Quality = Literal["basic", "good"]
Json = dict[str, object]

MAX_EVIDENCE = 50  # findings kept as evidence per capability: enough to highlight, small enough to store


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a picture or page; numbers are shares (0 to 1) of its width and height, from the top left."""

    left: float
    top: float
    width: float
    height: float

    def as_json(self) -> Json:
        """Return the box as the API shows it, rounded to 1/10000 of the side."""
        return {
            "box": {
                "left": round(self.left, 4),
                "top": round(self.top, 4),
                "width": round(self.width, 4),
                "height": round(self.height, 4),
            }
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of one page: `text` equals the page's text from `start` to `end`.

    `box` is around the lines of the page they stand in, where processing knows the places of lines.
    """

    page: int
    start: int
    end: int
    text: str
    box: Box | None = None

    def as_json(self) -> Json:
        """Return the evidence as the API shows it."""
        plain: Json = {"page": self.page, "start": self.start, "end": self.end, "text": self.text}
        return plain if self.box is None else {**plain, **self.box.as_json()}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no (full) answer: a stable kebab-case code, one sentence, and the command that helps if one does."""

    code: str
    detail: str
    command: str | None = None

    def as_json(self) -> Json:
        """Return the reason as the API shows it."""
        plain: Json = {"code": self.code, "detail": self.detail}
        return plain if self.command is None else {**plain, "command": self.command}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a capability itself knows. `looked_at_characters` is less than the text's length when a cap cut it."""

    state: State
    result: Mapping[str, object] | None = None
    confidence: float | None = None
    evidence: tuple[Evidence | Box, ...] = ()
    reason: Reason | None = None
    looked_at_characters: int | None = None


@dataclass(frozen=True, slots=True)
class CapabilityResult:
    """An outcome with its provenance: which model (id, version, SHA-256 digest) said it, how good, how long it took."""

    capability: str
    state: State
    result: Mapping[str, object] | None
    model: str
    model_version: str
    model_digest: str
    quality: Quality
    confidence: float | None
    evidence: tuple[Evidence | Box, ...]
    reason: Reason | None
    looked_at_characters: int | None
    of_characters: int
    duration_ms: float

    def as_json(self) -> Json:
        """Return plain values only, ready for JSON."""
        return {
            "capability": self.capability,
            "state": self.state,
            "result": None if self.result is None else dict(self.result),
            "model": self.model,
            "model_version": self.model_version,
            "model_digest": self.model_digest,
            "quality": self.quality,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "evidence": [item.as_json() for item in self.evidence[:MAX_EVIDENCE]],
            "reason": None if self.reason is None else self.reason.as_json(),
            "looked_at_characters": self.looked_at_characters,
            "of_characters": self.of_characters,
            "duration_ms": round(self.duration_ms, 2),
        }


def empty(code: str, detail: str, looked_at_characters: int | None = None) -> Outcome:
    """Say that there was nothing to find, and why."""
    return Outcome("empty", reason=Reason(code, detail), looked_at_characters=looked_at_characters)


def unsupported(code: str, detail: str, looked_at_characters: int | None = None) -> Outcome:
    """Say that this capability cannot do this kind of file or language, and why."""
    return Outcome("unsupported", reason=Reason(code, detail), looked_at_characters=looked_at_characters)
