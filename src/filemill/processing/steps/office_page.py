"""Step: pictures of single pages of an office document, as printed, made when somebody asks: `page-1`, `page-2.png`, ….

A presentation's pages are its slides. Not for: thumbnail and preview (office_picture.py). On failure: as office_pages.
"""

from filemill.processing.steps import office_pages, pdf, pdf_page
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import SIDE_PX
from filemill.processing.steps.results import DONE, StepEnd

NAME = "office_page"
VERSION = 1
OPTIONS = ("picture_format", "office_engine")
PROGRAMS = (office_pages.PROGRAM,)

# One request makes at most so many: each starts LibreOffice.
PAGES_MAX = 2


def run(context: StepContext) -> StepEnd:
    """Make the pictures of pages that are asked for by name; none is made unasked."""
    wishes = [wish for name in context.wanted_renditions if (wish := pdf_page.page_in(name)) is not None]
    if not wishes:
        return pdf_page.NOT_ASKED
    for wish in wishes[:PAGES_MAX]:
        _make(context, wish)
    return DONE


def _make(context: StepContext, wish: pdf_page.PageWish) -> None:
    path = office_pages.draw(context, wish.number)
    try:
        pdf_page.keep(context, wish, pdf.render_file(path, side_px=SIDE_PX["preview"]))
    finally:
        path.unlink()
