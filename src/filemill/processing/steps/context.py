"""What every step gets: the file, its work folder, and what the steps before it found.

A step reads and extends one `StepContext`; it returns a `StepEnd` or raises `StepError`. Not for: running steps
(run.py).
"""

import time
from collections.abc import Callable
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
    report: Callable[[dict[str, Any]], None] = lambda _: None
    percent_told: int | None = None
    began_s: float = field(default_factory=time.monotonic)

    def ran_s(self) -> float:
        """How long this file has been worked on, for steps that must end before the run's own limit does."""
        return time.monotonic() - self.began_s

    def tell(self, step: str, share: float) -> None:
        """Say how far a long step is, 0 to 1; whole percents, each once."""
        percent = min(99, max(0, int(share * 100)))
        if percent != self.percent_told:
            self.percent_told = percent
            self.report({"step": step, "state": "started", "percent": percent})

    def keep_rendition(self, name: str, path: str, content_type: str, width_px: int, height_px: int) -> None:
        """Add a file of the work folder to what is kept."""
        size_bytes = (self.work_dir / path).stat().st_size
        self.renditions.append(
            {"name": name, "path": path, "content_type": content_type,
             "width_px": width_px, "height_px": height_px, "size_bytes": size_bytes}
        )  # fmt: skip

    def rendition_file(self, name: str) -> Path | None:
        """Return the file of a rendition made before, None if there is none."""
        for rendition in self.renditions:
            if rendition["name"] == name:
                return self.work_dir / rendition["path"]
        return None


class Step(Protocol):
    """A step is a module with these names, `OPTIONS` when it reads fields of `Options`, `PROGRAMS` when it runs some.

    One that runs the first of its programs that is there has `engine(options)`, which says which.
    The first sentence of its docstring says what it is for, to people.
    """

    NAME: str
    VERSION: int

    def run(self, context: StepContext) -> StepEnd: ...
