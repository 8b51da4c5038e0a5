"""Step: words in pictures and scanned pages, with tesseract when it is installed, else with rapidocr.

Reads a picture or, of a large one, its preview; the first pages of a TIFF that has more than one, and of a PDF that has no
text of its own; the pictures in an office document without words.
On failure: `skipped` with `needs-tesseract` (there is no engine), `ocr-off` or `needs-ocr-language`; `failed` with
`picture-text-failed` when the engine gives up.
"""

import time
from collections.abc import Iterator
from typing import Any, Protocol

from filemill.processing.steps import ocr, office_scans, pdf, pictures, rapid_ocr, tesseract, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import FORMATS
from filemill.processing.steps.options import Options
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "image_text"
VERSION = 7
PROGRAMS = ocr.ENGINES  # one of them
OPTIONS = ("ocr_languages", "ocr_engine")

# About 200 dpi of an A4 page: below, small print is lost; above, only time is.
_SIDE_PX = 2400
_PAGES_MAX = 10
# For all pages together, so that the step ends before the run's own limit does.
_BUDGET_S = 20.0
_PDF, _TIFF = "application/pdf", "image/tiff"
_SUBFILE, _REDUCED = 254, 1  # NewSubfileType of TIFF 6.0


class Reader(Protocol):
    """What an engine is to this step: a module with these functions."""

    def read_page(self, picture: Any, number: int, context: StepContext, *, timeout_s: float) -> text_pages.Page: ...

    def version(self, context: StepContext) -> str: ...


_READERS: dict[str, Reader] = {"tesseract": tesseract, "rapidocr": rapid_ocr}


def engine(options: Options) -> str | None:
    """Return which engine reads here: `off` for none, None where the one that is wanted is not installed."""
    return ocr.in_force(options.ocr_engine)


def run(context: StepContext) -> StepEnd:
    """Set the pages read from pictures, if the file has no text of its own."""
    if context.text_state == "found":
        return StepEnd("skipped", "has-text", "The file has text of its own.")
    if context.text_state == "needs-password":
        return StepEnd("skipped", "needs-password", "The pages of a protected document cannot be looked at.")
    is_office = context.content_type != _PDF and not context.content_type.startswith("image/")
    scans = office_scans.names(context) if is_office and context.text_state == "empty" else []
    if is_office and not scans:
        return StepEnd("skipped", "no-picture", "There is no picture in this document to read words from.")
    name = engine(context.options)
    if name is None or name == ocr.OFF:
        return ocr.why_none(context.options.ocr_engine)
    reader = _READERS[name]
    if context.content_type == _PDF:
        pages = _read_pdf(context, reader)
    elif scans:
        pages = _read_each(context, reader, office_scans.drawn(context, scans[:_PAGES_MAX], _SIDE_PX), len(scans))
    elif context.content_type == _TIFF and context.properties.get("frames", 1) > 1:
        pages = _read_each(context, reader, _frames(context), context.properties["frames"])
    else:
        pages = [_read_picture(context, reader)]
    pages = [page for page in pages if page.text]
    if not text_pages.has_words(pages):
        context.text_state = "empty"
        return StepEnd("empty", "no-text", "No words were found in the picture.")
    context.pages, context.text_state = pages, "found"
    context.properties["text_by"] = "ocr"
    context.properties["ocr_engine"] = f"{name} {reader.version(context)}".strip()
    return DONE


def _read_picture(context: StepContext, reader: Reader) -> text_pages.Page:
    picture = _whole(context) or _preview(context)
    if picture is None:
        raise StepError(StepEnd("skipped", "no-picture", "There is no picture of this file to read words from."))
    return reader.read_page(picture, 1, context, timeout_s=_BUDGET_S)


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


def _read_pdf(context: StepContext, reader: Reader) -> list[text_pages.Page]:
    document = pdf.open_document(context)
    try:
        return _read_each(context, reader, _drawn(document), len(document))
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


def _read_each(context: StepContext, reader: Reader, drawn: Iterator[Any], page_count: int) -> list[text_pages.Page]:
    """Read pages until the time is up; None is one that could not be drawn: the others may be read."""
    give_up_at = time.monotonic() + _BUDGET_S
    pages: list[text_pages.Page] = []
    unreadable, was_cut = 0, page_count > _PAGES_MAX
    try:
        for number, picture in enumerate(drawn, start=1):
            if picture is None:
                unreadable += 1
            else:
                pages.append(reader.read_page(picture, number, context, timeout_s=give_up_at - time.monotonic()))
    except ocr.TooSlowError as error:
        if not pages:
            raise StepError(error.end) from error
        was_cut = True
    if was_cut:
        context.properties["text_truncated"] = True
    if unreadable:
        context.properties["pages_unreadable"] = unreadable
    return pages
