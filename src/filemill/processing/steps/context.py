"""What every step gets: the file, its work folder, and what the steps before it found.

A step reads and extends one `StepContext`; it returns a `StepEnd` or raises `StepError`. Not for: running steps
(run.py).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from filemill.processing.steps.options import Options
from filemill.processing.steps.results import Rendition, StepEnd, TextState
from filemill.processing.steps.text_pages import Page

# Renditions made when the request does not choose.
ALL_RENDITIONS = ("thumbnail", "preview")


@dataclass
class StepContext:
    """One file on its way through a plan."""

    source: Path
    work_dir: Path
    filename: str
    declared_type: str
    content_type: str
    options: Options = field(default_factory=Options)
    wanted_renditions: tuple[str, ...] = ALL_RENDITIONS
    type_evidence: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    # The text with its headings, lists and tables; empty where the source has none: the pages are then all there is.
    markdown: str = ""
    text_state: TextState = "unsupported"
    renditions: list[Rendition] = field(default_factory=list)

    def rendition_file(self, name: str) -> Path | None:
        """Return the file of a rendition made before, None if there is none."""
        for rendition in self.renditions:
            if rendition["name"] == name:
                return self.work_dir / rendition["path"]
        return None


class Step(Protocol):
    """A step is a module with these three names, and `OPTIONS` when it reads fields of `Options`."""

    NAME: str
    VERSION: int

    def run(self, context: StepContext) -> StepEnd: ...
