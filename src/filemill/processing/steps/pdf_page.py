"""Step: pictures of single pages of a PDF, made when somebody asks: the renditions `page-1`, `page-2`, `page-2.png`, ….

Without an ending they are in the format that thumbnails and previews are set to. Not for: the preview (pdf.py).
On failure: `unreadable-page`, or `no-such-page` behind the last one.
"""

import re
from dataclasses import dataclass
from typing import Any

from filemill.processing.steps import conversion, pdf
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import SIDE_PX
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "pdf_page"
VERSION = 2
OPTIONS = ("picture_format",)

# One request makes at most so many: each takes a tenth of a second and some megabytes.
PAGES_MAX = 20
NO_SUCH_PAGE = "no-such-page"
NOT_ASKED = StepEnd("skipped", "not-asked", "Pictures of single pages are made when they are asked for.")
_PAGE_NAME = re.compile(rf"page-([1-9][0-9]{{0,5}})(?:\.({'|'.join(conversion.FORMATS)}))?")


@dataclass(frozen=True, slots=True)
class PageWish:
    """A page by its number, from 1, and the format it is wanted in; None is the one that is set."""

    name: str
    number: int
    format: str | None


def page_in(rendition: str) -> PageWish | None:
    """Return what a rendition's name asks for, None for another kind of name."""
    found = _PAGE_NAME.fullmatch(rendition)
    return PageWish(rendition, int(found[1]), found[2]) if found else None


def run(context: StepContext) -> StepEnd:
    """Make the pictures of pages that are asked for by name; none is made unasked."""
    wishes = [wish for name in context.wanted_renditions if (wish := page_in(name)) is not None]
    if not wishes:
        return NOT_ASKED
    document = pdf.open_document(context)
    try:
        for wish in wishes[:PAGES_MAX]:
            if wish.number > len(document):
                detail = f"The document has {len(document)} pages."
                raise StepError(StepEnd("unsupported", NO_SUCH_PAGE, detail))
            _make(context, document, wish)
    finally:
        document.close()
    return DONE


def _make(context: StepContext, document: object, wish: PageWish) -> None:
    import pypdfium2

    try:
        picture = pdf.render_page(document, wish.number - 1, side_px=SIDE_PX["preview"])
    except pypdfium2.PdfiumError as error:
        raise StepError(pdf.UNREADABLE_PAGE) from error
    keep(context, wish, picture)


def keep(context: StepContext, wish: PageWish, picture: Any) -> None:
    """Write a page's picture as it is wished for."""
    kind = wish.format or context.options.picture_format
    path = context.work_dir / f"page-{wish.number}.{kind}"
    picture.save(path, **conversion.SAVING[kind])
    context.keep_rendition(wish.name, path.name, f"image/{kind}", picture.width, picture.height)
