"""Step: pictures made of drawing commands (SVG, EPS, WMF) are not drawn.

Drawing one runs a whole renderer over nested, scripted, linked input, and no renderer we ship has limits we trust.
The words of an SVG are read by document_text.
"""

from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import StepEnd

NAME = "vector_picture"
VERSION = 1

_NOT_DRAWN = StepEnd("unsupported", "vector-picture", "Previews of drawings (SVG) are not made; the file is kept.")


def run(context: StepContext) -> StepEnd:  # noqa: ARG001  every step has the same shape
    """Say that there will be no picture."""
    return _NOT_DRAWN
