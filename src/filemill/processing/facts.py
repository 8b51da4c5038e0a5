"""What a run found out, ready to be kept, and how that follows from what each step found out.

The parts of an outcome that come out of the sandbox are checked and bounded here (`keeping` stores the blobs). Nothing is
trusted: a run that contradicts itself is a failed try.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import structlog

from filemill.contracts.processing import RenditionRef, StepRecord, TextRef
from filemill.contracts.upload import Reason
from filemill.processing.content import Address, Content
from filemill.processing.results_repository import StepOutcome

PROPERTIES_MOST_BYTES = 24 * 1024

_TEXT_STEPS = frozenset(
    {"pdf", "document_text", "plain_text", "vector_picture", "image_text", "archive_list", "subtitles"}
)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run found out: every blob in it is durable.

    `fresh` are results to be kept, `reused` the addresses of those that were used again, `all_known` says that an equal
    file needs no run after this one.
    """

    content_type: str
    plan: str
    text: TextRef
    steps: list[StepRecord]
    started_at: datetime
    duration_ms: float
    properties: dict[str, Any] = field(default_factory=dict)
    renditions: list[RenditionRef] = field(default_factory=list)
    content: Content | None = None
    fresh: tuple[StepOutcome, ...] = ()
    reused: tuple[Address, ...] = ()
    all_known: bool = False


def text_of(outcomes: Sequence[StepOutcome]) -> TextRef:
    """The words of the file, or why there are none: what the last step that spoke of words said."""
    said = next((one.text for one in reversed(outcomes) if one.text is not None), TextRef(state="unsupported"))
    if said.storage_key is not None:
        return said
    return said.model_copy(update={"reason": _why_no_text([one.record for one in outcomes])})


def renditions_of(outcomes: Sequence[StepOutcome]) -> list[RenditionRef]:
    """Every picture, the last of each name."""
    return list({made.name: made for one in outcomes for made in one.renditions}.values())


def properties_of(outcomes: Sequence[StepOutcome]) -> dict[str, Any]:
    """What all steps together say, the last word counting; bounded."""
    return bounded({name: value for one in outcomes for name, value in one.properties.items()})


def bounded(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties travel in an event: the largest go first until the rest fits."""
    kept = dict(properties)
    while len(orjson.dumps(kept)) > PROPERTIES_MOST_BYTES:
        largest = max(kept, key=lambda name: len(orjson.dumps(kept[name])))
        _log.warning("processing.property.dropped", name=largest)
        del kept[largest]
    return kept


def rejection(steps: Sequence[StepRecord]) -> Reason | None:
    """Why the whole file counts as failed: a step refused it, or its main step could not read it at all."""
    for step in steps:
        code = step.code or ""
        if step.state == "rejected" or (step.state == "failed" and code.startswith("unreadable-")):
            return Reason(code=(code or "rejected")[:80], detail=(step.detail or "")[:500])
    return None


def _why_no_text(steps: list[StepRecord]) -> Reason | None:
    """What the last step that could have read words said instead: a password, a missing program, nothing in it."""
    spoke = [step for step in steps if step.name in _TEXT_STEPS and step.code and step.detail]
    said = next((step for step in spoke if step.state == "needs-password"), spoke[-1] if spoke else None)
    return Reason(code=said.code or "", detail=said.detail or "") if said else None
