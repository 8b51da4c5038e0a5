"""Step: the words of office documents, mail, e-books, HTML, XML and the like, with kreuzberg.

Success without words is the state `empty`. Archives in disguise are measured before they are opened: office files are
ZIPs, and a few kilobytes can unpack to gigabytes. Nothing is fetched, nothing is cached. On failure:
`unreadable-document`, `archive-bomb`, `needs-password`.
"""

import re
import secrets
import zipfile
from typing import Any

from filemill.processing.steps import (
    containers,
    document_markdown,
    extraction,
    markup,
    office_words,
    open_slides,
    plain_text,
    text_pages,
    unpack,
)
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.pdf import NEEDS_PASSWORD
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "document_text"
VERSION = 5

# XML and mail are parsed whole: beyond this the tree no longer fits the memory limit.
_SOURCE_MAX_BYTES = 256 << 20
_UNPACKED_MAX_BYTES = 1 << 30
_RATIO_MAX = 200  # real office files stay below 60
_RATIO_COUNTS_FROM_BYTES = 64 << 20  # small files may compress well
_MEMBERS_MAX = 50_000
_PROPERTY_MAX_CHARACTERS = 500
_LIST_MAX = 50

# What kreuzberg calls some types.
_NAMES = {"application/rtf": "text/rtf", "application/xhtml+xml": "text/html"}
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_XML = frozenset({"application/xml", "image/svg+xml"})
_HTML_MAX_BYTES = 20 << 20
_DAMAGED = StepEnd(
    "failed",
    "unreadable-document",
    "The document could not be read: its data is damaged or the file ends in the middle.",
)
_EMPTY = StepEnd("empty", "no-text", "The document has no text.")
_PROPERTIES = {
    "title": "title",
    "subject": "subject",
    "authors": "authors",
    "created_at": "created_at",
    "modified_at": "modified_at",
    "language": "document_language",
    "keywords": "keywords",
    "description": "description",
    "sheet_count": "sheet_count",
    "sheet_names": "sheet_names",
    "slide_count": "slide_count",
    "from_email": "mail_from",
    "to_emails": "mail_to",
    "cc_emails": "mail_cc",
    "message_id": "mail_id",
    "attachments": "attachments",
}
_PASSWORD_WORDS = ("password", "encrypted", "decrypt")


def run(context: StepContext) -> StepEnd:
    """Set pages (sheets, slides; one for kinds without pages) and the document's own properties."""
    locked = context.content_type == "application/encrypted-ooxml"
    if locked or containers.ole_needs_password(context.source, context.content_type):
        context.text_state = "needs-password"
        return NEEDS_PASSWORD
    _refuse_bombs(context)
    if context.content_type in open_slides.TYPES:
        return _open_slides(context)
    text = _markup_words(context)
    metadata: dict[str, Any] = {}
    # Between slides; a document cannot know it, so it cannot make slides of its own.
    mark = secrets.token_hex(16) if context.content_type == _SLIDES else None
    if text is None or context.content_type in _HTML:
        text, metadata = _with_kreuzberg(context, text, mark)
    text = text_pages.clean(text)
    beside = office_words.beside(context.source, context.content_type, text)
    pages, cut = text_pages.bounded(
        _with_beside(_slides(text, mark) if mark else _pages(text, metadata.get("sheet_names")), beside)
    )
    if cut:
        context.properties["text_truncated"] = True
    context.properties.update(_properties(metadata))
    if context.content_type in unpack.MAILS:
        context.properties.pop("attachments", None)  # kreuzberg gives names alone
        if attached := unpack.MAILS[context.content_type].attachments(context.source):
            context.properties["attachments"] = attached
    if not text_pages.has_words(pages):
        context.text_state = "empty"
        return _EMPTY
    context.pages, context.text_state = pages, "found"
    if context.content_type not in _XML:
        markdown = document_markdown.read(context.source, kind(context))
        context.markdown = document_markdown.with_beside(markdown, beside) if markdown else ""
    return DONE


def kind(context: StepContext) -> str:
    """Return the type as kreuzberg calls it."""
    return _NAMES.get(context.content_type, context.content_type.removesuffix("-template"))


def _open_slides(context: StepContext) -> StepEnd:
    try:
        slides = open_slides.read(context.source)
    except ValueError as error:
        raise StepError(_DAMAGED) from error
    pages, cut = text_pages.bounded(
        text_pages.Page(number, text_pages.clean(words)) for number, words in enumerate(slides, start=1)
    )
    context.properties["slide_count"] = len(slides)
    if cut:
        context.properties["text_truncated"] = True
    if not text_pages.has_words(pages):
        context.text_state = "empty"
        return _EMPTY
    context.pages, context.text_state = pages, "found"
    return DONE


def _pages(text: str, sheet_names: Any) -> list[text_pages.Page]:
    """Return a page for each sheet of a table, whose name stands on a line of its own before it; else one page."""
    if not isinstance(sheet_names, list) or len(sheet_names) < 2:
        return [text_pages.Page(1, text)]
    names = [text_pages.clean(str(name)) for name in sheet_names]
    starts: list[int] = []
    at = 0
    for name in names:
        found = 0 if not starts and text.startswith(name + "\n") else text.find(f"\n\n{name}\n", at)
        if found < 0:
            return [text_pages.Page(1, text)]  # an empty sheet is not named; then nobody knows which is which
        starts.append(found)
        at = found + len(name)
    ends = [*starts[1:], len(text)]
    return [
        text_pages.Page(number, text[start:end].strip())
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1)
    ]


def _slides(text: str, mark: str) -> list[text_pages.Page]:
    """Return a page for each slide, also for one without words; one page if no slide was marked."""
    parts = re.split(rf"\s*{mark} ([0-9]{{1,6}})\s*", text)
    if len(parts) == 1:
        return [text_pages.Page(1, text)]
    numbers, words = parts[1::2], parts[2::2]
    return [text_pages.Page(int(number), part) for number, part in zip(numbers, words, strict=True)]


def _with_beside(pages: list[text_pages.Page], beside: dict[int, str]) -> list[text_pages.Page]:
    """Return the pages with the words that stand beside their text behind it; those of no page are on the last one."""
    last = pages[-1].number if pages else 0
    more = {number or last: text_pages.clean(words) for number, words in beside.items()}
    return [
        text_pages.Page(page.number, f"{page.text}\n\n{more[page.number]}".strip()) if page.number in more else page
        for page in pages
    ]


def _markup_words(context: StepContext) -> str | None:
    """Return the words of HTML and XML, read by our own code; None for every other kind."""
    if context.content_type in _HTML:
        content = context.source.read_bytes()[:_HTML_MAX_BYTES]
        charset = markup.html_charset(content) or plain_text.detect_charset(content) or "utf-8"
        try:
            return markup.html_words(content.decode(charset, "replace"))
        except LookupError:  # the document names a charset nobody knows
            return markup.html_words(content.decode("utf-8", "replace"))
    if context.content_type in _XML:
        words = markup.xml_words(context.source)
        if not words.complete:
            context.properties["truncated"] = True
            if not words.text:
                raise StepError(_DAMAGED)
        return words.text
    return None


def _with_kreuzberg(context: StepContext, text: str | None, mark: str | None) -> tuple[str, dict[str, Any]]:
    """Return the words, kept when we already have them, and what the document says about itself.

    With `mark` a line of it and a number stands before each slide.
    """
    settings = document_markdown.config("plain")
    if mark is not None:
        import kreuzberg

        settings.pages = kreuzberg.PageConfig(insert_page_markers=True, marker_format=f"\n\n{mark} {{page_num}}\n\n")
    try:
        extracted = extraction.extract(context.source, kind(context), settings)
    except extraction.NotExtracted as error:
        if text is not None:
            return text, {}
        raise _reason(context, error) from error
    return (extracted.content if text is None else text), dict(extracted.metadata or {})


def _refuse_bombs(context: StepContext) -> None:
    size_bytes = context.source.stat().st_size
    if size_bytes > _SOURCE_MAX_BYTES:
        detail = f"The document is larger than {_SOURCE_MAX_BYTES >> 20} MiB, the most that is read for its text."
        raise StepError(StepEnd("unsupported", "too-large-for-text", detail))
    if not zipfile.is_zipfile(context.source):
        return
    try:
        members, unpacked = containers.unpacked_bytes(context.source)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise StepError(_DAMAGED) from error
    too_dense = unpacked > _RATIO_COUNTS_FROM_BYTES and unpacked > size_bytes * _RATIO_MAX
    if members > _MEMBERS_MAX or unpacked > _UNPACKED_MAX_BYTES or too_dense:
        detail = f"The document would unpack to {unpacked >> 20} MiB in {members} parts; it looks like an archive bomb."
        raise StepError(StepEnd("rejected", "archive-bomb", detail))


def _reason(context: StepContext, error: Exception) -> StepError:
    said = str(error).lower()
    if any(word in said for word in _PASSWORD_WORDS):
        context.text_state = "needs-password"
        return StepError(NEEDS_PASSWORD)
    if "unsupported" in said:
        detail = "The words of this kind of document cannot be read."
        return StepError(StepEnd("unsupported", "unsupported-document", detail))
    return StepError(_DAMAGED)


def _properties(metadata: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, ours in _PROPERTIES.items():
        value = metadata.get(name)
        if isinstance(value, str):
            value = text_pages.clean(value)[:_PROPERTY_MAX_CHARACTERS]
        elif isinstance(value, list):
            value = [text_pages.clean(str(item))[:_PROPERTY_MAX_CHARACTERS] for item in value[:_LIST_MAX]]
        elif not isinstance(value, int):
            continue
        if ours == "attachments" and isinstance(value, list):
            value = [{"name": name} for name in value]  # the same shape as for kinds where we know more
        if value not in ("", [], None):
            found[ours] = value
    return found
