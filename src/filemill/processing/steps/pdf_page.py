"""Step: pictures of single pages of a PDF, made when somebody asks: the renditions `page-1`, `page-2`, ….

Not for: the preview (pdf.py). On failure: `unreadable-page`, or `no-such-page` behind the last one.
"""

import re

from filemill.processing.steps import pdf
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import SIDE_PX
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "pdf_page"
VERSION = 1

# One request makes at most so many: each takes a tenth of a second and some megabytes.
PAGES_MAX = 20
NO_SUCH_PAGE = "no-such-page"
_QUALITY = 80
_PAGE_NAME = re.compile(r"page-([1-9][0-9]{0,5})")


def page_number(rendition: str) -> int | None:
    """Return the page that a rendition's name asks for, None for another kind of name."""
    found = _PAGE_NAME.fullmatch(rendition)
    return int(found.group(1)) if found else None


def run(context: StepContext) -> StepEnd:
    """Make the pictures of pages that are asked for by name; none is made unasked."""
    numbers = [number for name in context.wanted_renditions if (number := page_number(name)) is not None]
    if not numbers:
        return StepEnd("skipped", "not-asked", "Pictures of single pages are made when they are asked for.")
    document = pdf.open_document(context)
    try:
        for number in numbers[:PAGES_MAX]:
            if number > len(document):
                detail = f"The document has {len(document)} pages."
                raise StepError(StepEnd("unsupported", NO_SUCH_PAGE, detail))
            _make(context, document, number)
    finally:
        document.close()
    return DONE


def _make(context: StepContext, document: object, number: int) -> None:
    import pypdfium2

    try:
        picture = pdf.render_page(document, number - 1, side_px=SIDE_PX["preview"])
    except pypdfium2.PdfiumError as error:
        raise StepError(StepEnd("unsupported", "unreadable-page", "The page could not be drawn.")) from error
    path = context.work_dir / f"page-{number}.webp"
    picture.save(path, "WEBP", quality=_QUALITY, method=2)
    context.renditions.append(
        {
            "name": path.stem,
            "path": path.name,
            "content_type": "image/webp",
            "width_px": picture.width,
            "height_px": picture.height,
            "size_bytes": path.stat().st_size,
        }
    )
