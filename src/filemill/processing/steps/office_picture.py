"""Step: a picture of an office document: its first page by LibreOffice where that is installed, else the one kept in it.

`picture_from` says which. Only of documents whose words could be looked for. On failure: the document's words are kept;
`skipped` with `needs-libreoffice`, `office-drawing-off`; `unsupported` with `too-large-to-draw`; `failed` with `not-drawn`,
`too-slow`.
"""

from filemill.processing.steps import office_pages, office_thumbnail, pdf
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import SIDE_PX, save_pillow
from filemill.processing.steps.options import Options
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "office_picture"
VERSION = 1
OPTIONS = ("picture_format", "office_engine")
PROGRAMS = (office_pages.PROGRAM,)

_UNREAD = StepEnd("skipped", "not-read", "The document could not be read, so it is not drawn either.")


def engine(options: Options) -> str:
    """Return what makes the picture here."""
    return office_pages.PROGRAM if office_pages.is_there(options) else "the picture in the document"


def run(context: StepContext) -> StepEnd:
    """Make thumbnail and preview."""
    if context.text_state not in {"found", "empty"}:
        return _UNREAD
    try:
        _draw(context)
    except StepError as error:
        picture = office_thumbnail.picture_in(context)
        if picture is None:
            return error.end
        save_pillow(context, picture)
        context.properties["picture_from"] = "document"
    return DONE


def _draw(context: StepContext) -> None:
    path = office_pages.draw(context, 1)
    try:
        save_pillow(context, pdf.render_file(path, side_px=SIDE_PX["preview"]))
    finally:
        path.unlink()
    context.properties["picture_from"] = "page"
