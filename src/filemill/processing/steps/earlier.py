"""What an earlier run found out about the same bytes, given back to the steps that are still to run.

The request carries it as `earlier`: the steps that need not run again (always the first ones of the plan), the type, the
merged properties, the state of the text, and the pictures, whose files lie in `FOLDER` of the work folder. The words
themselves are not given back: no step reads what another one read. Not for: deciding what may be used again (addresses).
"""

from typing import Any

from typing_extensions import TypedDict

from filemill.processing.steps.context import ALL_RENDITIONS, StepContext
from filemill.processing.steps.results import Rendition, TextState
from filemill.processing.steps.shapes import strict

FOLDER = "earlier"
PICTURES = ALL_RENDITIONS
"""What steps look at with `StepContext.rendition_file`; other renditions are not given back."""


@strict
class Earlier(TypedDict):
    """The effect of the steps that are not run again."""

    steps: list[str]
    content_type: str
    properties: dict[str, Any]
    text_state: TextState | None
    renditions: list[Rendition]


def give_back(found: Earlier, context: StepContext) -> None:
    """Bring the context to where these steps left it."""
    context.content_type = found["content_type"]
    context.properties.update(found["properties"])
    context.text_state = found["text_state"] or context.text_state
    context.renditions.extend(found["renditions"])


def picture(name: str, content_type: str, width_px: int | None, height_px: int | None, size_bytes: int) -> Rendition:
    """A picture that lies in the folder under its name."""
    return {
        "name": name, "path": f"{FOLDER}/{name}", "content_type": content_type, "width_px": width_px or 0,
        "height_px": height_px or 0, "size_bytes": size_bytes,
    }  # fmt: skip
