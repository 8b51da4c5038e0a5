"""Step: text per page, metadata, outline, form, attachments and a picture of the first page of a PDF, with PDFium.

A password is a state of its own, not a failure; so is a PDF without words (`empty`: a scan, which `image_text` may
read).
On failure: `unreadable-document`; a page that breaks alone is left out and counted in `pages_unreadable`.
"""

import re
from pathlib import Path
from typing import Any

from filemill.processing.steps import pdf_lines, pdf_parts, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import SIDE_PX, save_pillow
from filemill.processing.steps.results import DONE, StepEnd, StepError
from filemill.processing.steps.text_blob import LINES_MAX

NAME = "pdf"
VERSION = 3
OPTIONS = ("picture_format",)

# Text of a 3,000-page book takes PDFium a few seconds; what comes after is cut and said to be.
PAGES_MAX = 3000
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_UNKNOWN_SECURITY = 5  # FPDF_ERR_SECURITY
_METADATA = {"Title": "title", "Author": "author", "Subject": "subject", "Keywords": "keywords", "Creator": "creator"}
# What report generators write when nobody told them anything.
_FILLERS = frozenset({"anonymous", "unspecified", "untitled"})
_METADATA_MAX_CHARACTERS = 500
# A page may claim any size; the rendered one never has more pixels than this on its longer side.
_RENDER_SIDE_PX = SIDE_PX["preview"]
_NARROWEST_PX = 8
NEEDS_PASSWORD = StepEnd(
    "needs-password", "needs-password", "The document is protected by a password; upload it without one to read it."
)

UNREADABLE_PAGE = StepEnd("unsupported", "unreadable-page", "The page could not be drawn.")


class UndrawablePage(StepError):
    """A page whose size no picture can have."""


def run(context: StepContext) -> StepEnd:
    """Set pages, page count, metadata, and make the renditions."""
    document = open_document(context)
    try:
        context.properties["page_count"] = len(document)
        context.properties.update(_metadata(document))
        form = _read_parts(context, document)
        context.pages = _read_pages(context, document, form)
        context.text_state = "found" if text_pages.has_words(context.pages) else "empty"
        if context.wanted_renditions and len(document):
            _make_renditions(context, document)
    finally:
        document.close()
    if context.text_state == "empty":
        return StepEnd("empty", "no-text", "The document has no text of its own; it is probably a scan.")
    return DONE


def open_document(context: StepContext) -> Any:
    """Return PDFium's document; the caller closes it."""
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(context.source)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in {_WRONG_PASSWORD, _UNKNOWN_SECURITY}:
            context.text_state = "needs-password"
            raise StepError(NEEDS_PASSWORD) from error
        detail = "The PDF could not be opened: its data is damaged or the file ends in the middle."
        raise StepError(StepEnd("failed", "unreadable-document", detail)) from error


def render_page(document: Any, index: int, *, side_px: int) -> Any:
    """Return a page as a Pillow picture on white, its longer side at most `side_px`."""
    page = document[index]
    width_pt, height_pt = page.get_size()
    longer_pt = max(width_pt, height_pt)
    if not 0 < longer_pt < 1e7:
        raise UndrawablePage(StepEnd("unsupported", "unreadable-page", "The page has no usable size."))
    scale = side_px / longer_pt
    if min(width_pt, height_pt) * scale < _NARROWEST_PX:
        raise UndrawablePage(StepEnd("unsupported", "unreadable-page", "The page is too narrow to be drawn."))
    return page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")


def render_file(path: Path, *, side_px: int) -> Any:
    """Return the first page of a PDF that was made here, as `render_page`."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
        try:
            return render_page(document, 0, side_px=side_px)
        finally:
            document.close()
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise StepError(UNREADABLE_PAGE) from error


def _read_parts(context: StepContext, document: Any) -> pdf_parts.Form | None:
    """Set outline and attachments as properties; return the form, whose values are words of their pages."""
    import pypdfium2

    try:
        document.init_forms()
        found = {"outline": pdf_parts.outline(document), "attachments": pdf_parts.attachments(document)}
    except pypdfium2.PdfiumError:
        context.properties["parts_unreadable"] = True  # the text does not depend on them, and the lack is told
        return None
    context.properties.update({name: value for name, value in found.items() if value})
    return pdf_parts.Form(document)


def _read_pages(context: StepContext, document: Any, form: pdf_parts.Form | None) -> list[text_pages.Page]:
    import pypdfium2

    pages: list[text_pages.Page] = []
    left, lines_left = text_pages.TEXT_MAX_CHARACTERS, LINES_MAX
    unreadable = 0
    for index in range(min(len(document), PAGES_MAX)):
        try:
            page = _read_page(document, index, form, lines_left)
        except pypdfium2.PdfiumError:
            unreadable += 1  # one damaged page does not hide the others; the number is told
            page = text_pages.Page(index + 1, "")
        pages.append(page)
        left -= len(page.text)
        lines_left -= len(page.lines)
        if left < 0:
            break
    pages, cut = text_pages.bounded(pages)
    if cut or len(pages) < len(document):
        context.properties["text_truncated"] = True
    if unreadable:
        context.properties["pages_unreadable"] = unreadable
    if form is not None and form.fields:
        context.properties["form"] = form.shown()
    return pages


def _read_page(document: Any, index: int, form: pdf_parts.Form | None, lines_most: int) -> text_pages.Page:
    page = document[index]
    try:
        fields = form.read(page, index) if form is not None else []
        more = [(field.words, field.box) for field in fields if field.words]
        return pdf_lines.read_page(page, index + 1, lines_most=lines_most, more=more)
    finally:
        page.close()


def _make_renditions(context: StepContext, document: Any) -> None:
    import pypdfium2

    try:
        if any(name in SIDE_PX for name in context.wanted_renditions):
            save_pillow(context, render_page(document, 0, side_px=_RENDER_SIDE_PX))
    except (pypdfium2.PdfiumError, StepError, ValueError):
        # The text is worth more than the picture: the document is done, its preview is said to be missing.
        context.properties["preview_missing"] = "The first page could not be drawn."


def _metadata(document: Any) -> dict[str, Any]:
    raw = document.get_metadata_dict(skip_empty=True)
    found: dict[str, Any] = {}
    for name, ours in _METADATA.items():
        value = text_pages.clean(raw.get(name, ""))[:_METADATA_MAX_CHARACTERS]
        if value and value.strip("()").lower() not in _FILLERS:
            found[ours] = value
    for name, ours in (("CreationDate", "created_at"), ("ModDate", "modified_at")):
        moment = _moment(raw.get(name, ""))
        if moment:
            found[ours] = moment
    return found


def _moment(text: str) -> str | None:
    """Return RFC 3339 from PDF's `D:YYYYMMDDHHmmSSOHH'mm'` (ISO 32000-1, 7.9.4); local time where the zone is
    missing."""
    match = re.match(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:(Z)|([+-])(\d\d)'?(\d\d)?)?", text)
    if match is None:
        return None
    year, month, day, hour, minute, second, utc, sign, zone_hour, zone_minute = match.groups()
    zone = "Z" if utc else f"{sign}{zone_hour}:{zone_minute or '00'}" if sign else ""
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"
