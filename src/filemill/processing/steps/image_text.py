"""Step: words in pictures and scanned pages, with tesseract when it is installed.

Reads a picture or, of a large one, its preview; the first pages of a TIFF that has more than one, and of a PDF that has no
text of its own.
On failure: `skipped` with `needs-tesseract` or `needs-ocr-language`; `failed` with `picture-text-failed` when tesseract
gives up.
"""

import time
from collections.abc import Iterator
from typing import Any

from filemill.processing.steps import pdf, pictures, programs, tesseract, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import FORMATS
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "image_text"
VERSION = 5
PROGRAMS = ("tesseract",)
OPTIONS = ("ocr_languages",)

# About 200 dpi of an A4 page: below, small print is lost; above, only time is.
_SIDE_PX = 2400
_PAGES_MAX = 10
# For all pages together, so that the step ends before the run's own limit does.
_BUDGET_S = 20.0
_TIFF = "image/tiff"
_SUBFILE, _REDUCED = 254, 1  # NewSubfileType of TIFF 6.0
_NEEDS_TESSERACT = StepEnd(
    "skipped",
    "needs-tesseract",
    "Reading words in pictures needs the program tesseract (apt install tesseract-ocr), then process the file again.",
)


def run(context: StepContext) -> StepEnd:
    """Set the pages read from pictures, if the file has no text of its own."""
    if context.text_state == "found":
        return StepEnd("skipped", "has-text", "The file has text of its own.")
    if context.text_state == "needs-password":
        return StepEnd("skipped", "needs-password", "The pages of a protected document cannot be looked at.")
    if programs.find("tesseract") is None:
        return _NEEDS_TESSERACT
    if context.content_type == "application/pdf":
        pages = _read_pdf(context)
    elif context.content_type == _TIFF and context.properties.get("frames", 1) > 1:
        pages = _read_each(context, _frames(context), context.properties["frames"])
    else:
        pages = [_read_picture(context)]
    pages = [page for page in pages if page.text]
    if not text_pages.has_words(pages):
        context.text_state = "empty"
        return StepEnd("empty", "no-text", "No words were found in the picture.")
    context.pages, context.text_state = pages, "found"
    context.properties["text_by"] = "ocr"
    return DONE


def _read_picture(context: StepContext) -> text_pages.Page:
    picture = _whole(context) or _preview(context)
    if picture is None:
        raise StepError(StepEnd("skipped", "no-picture", "There is no picture of this file to read words from."))
    return tesseract.read_page(picture, 1, context, timeout_s=_BUDGET_S)


def _whole(context: StepContext) -> Any:
    """Return the picture itself in grey, None if it is too large for that, or damaged: then the preview is what there is."""
    from PIL import ImageOps

    if max(context.properties.get("width_px", 0), context.properties.get("height_px", 0)) > _SIDE_PX:
        return None
    with pictures.open_with_pillow(context.source) as opened:
        pictures.refuse_large(opened.width, opened.height, in_memory=True)
        try:
            return ImageOps.exif_transpose(opened).convert("L")
        except Exception:  # noqa: BLE001  decoders of a dozen formats raise anything on damaged data
            return None


def _preview(context: StepContext) -> Any:
    from PIL import Image

    preview = context.rendition_file("preview")
    if preview is None:
        return None
    with Image.open(preview, formats=FORMATS) as opened:
        return opened.convert("L")


def _read_pdf(context: StepContext) -> list[text_pages.Page]:
    document = pdf.open_document(context)
    try:
        return _read_each(context, _drawn(document), len(document))
    finally:
        document.close()


def _drawn(document: Any) -> Iterator[Any]:
    import pypdfium2

    for index in range(min(len(document), _PAGES_MAX)):
        try:
            picture = pdf.render_page(document, index, side_px=_SIDE_PX).convert("L")
        except (pypdfium2.PdfiumError, pdf.UndrawablePage):
            picture = None
        yield picture


def _frames(context: StepContext) -> Iterator[Any]:
    """The pages of a TIFF: not the small copies of them that some programs write between."""
    from PIL import ImageOps

    with pictures.open_with_pillow(context.source) as opened:
        for index in range(min(context.properties["frames"], _PAGES_MAX)):
            try:
                opened.seek(index)
                if opened.tag_v2.get(_SUBFILE, 0) & _REDUCED:
                    continue
                pictures.refuse_large(opened.width, opened.height, in_memory=True)
                picture = ImageOps.exif_transpose(opened).convert("L")
                picture.thumbnail((_SIDE_PX, _SIDE_PX))
            except Exception:  # noqa: BLE001  decoders raise anything on damaged data; that a page was not read is told
                picture = None
            yield picture


def _read_each(context: StepContext, drawn: Iterator[Any], page_count: int) -> list[text_pages.Page]:
    """Read pages until the time is up; None is one that could not be drawn: the others may be read."""
    give_up_at = time.monotonic() + _BUDGET_S
    pages: list[text_pages.Page] = []
    unreadable, was_cut = 0, page_count > _PAGES_MAX
    try:
        for number, picture in enumerate(drawn, start=1):
            if picture is None:
                unreadable += 1
            else:
                pages.append(tesseract.read_page(picture, number, context, timeout_s=give_up_at - time.monotonic()))
    except tesseract.TooSlowError as error:
        if not pages:
            raise StepError(error.end) from error
        was_cut = True
    if was_cut:
        context.properties["text_truncated"] = True
    if unreadable:
        context.properties["pages_unreadable"] = unreadable
    return pages
