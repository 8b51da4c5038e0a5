"""What a PDF has besides its pages: an outline, a form with its fields, attached files.

Each is read by itself and bounded: a document with a million bookmarks, or a circle of them, costs no more than one
with some hundred. On failure: a part that cannot be read is left out; the text does not depend on it.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from filemill.processing.steps.fitting import first_that_fit
from filemill.processing.steps.pdf_lines import Shown
from filemill.processing.steps.text_pages import Box, clean

_BOOKMARKS_MAX = 500
_FIELDS_MAX = 500
_FORM_PAGES_MAX = 100
_ATTACHMENTS_MAX = 500
_TITLE_MAX_CHARACTERS = 200
_VALUE_MAX_CHARACTERS = 500
# FPDF_FORMFIELD_*: the kinds whose value a person wrote or chose.
_KIND_OF_FIELD = {1: "button", 2: "checkbox", 3: "radio", 4: "choice", 5: "list", 6: "text", 7: "signature"}
_WRITTEN = frozenset({"choice", "list", "text"})
_WIDGET = 20  # FPDF_ANNOT_WIDGET


def outline(document: Any) -> list[dict[str, Any]]:
    """Return the headings of the outline with their depth (from 1) and, where it is known, the page they lead to."""
    found: list[dict[str, Any]] = []
    for bookmark in islice(document.get_toc(), _BOOKMARKS_MAX):
        title = clean(bookmark.get_title())[:_TITLE_MAX_CHARACTERS]
        if not title:
            continue
        target = bookmark.get_dest()
        index = target.get_index() if target is not None else None
        page = {"page": index + 1} if index is not None and index >= 0 else {}
        found.append({"title": " ".join(title.split()), "level": bookmark.level + 1} | page)
    return first_that_fit(found)


def attachments(document: Any) -> list[dict[str, Any]]:
    """Return name and size of each attached file."""
    found: list[dict[str, Any]] = []
    for index in range(min(document.count_attachments(), _ATTACHMENTS_MAX)):
        attached = document.get_attachment(index)
        entry: dict[str, Any] = {"name": clean(attached.get_name())[:_TITLE_MAX_CHARACTERS] or "attachment"}
        size_bytes = _size_of(attached)
        if size_bytes is not None:
            entry["size_bytes"] = size_bytes
        found.append(entry)
    return first_that_fit(found)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: what it is called, what stands in it, and where."""

    page_index: int
    name: str
    kind: str
    value: str
    box: Box | None

    @property
    def words(self) -> str:
        """What a person wrote or chose, empty for a field that holds no words."""
        return self.value if self.kind in _WRITTEN else ""

    def shown(self) -> dict[str, Any]:
        """Return the field as a property of the file."""
        return {"name": self.name, "kind": self.kind, "value": self.value, "page": self.page_index + 1}


class Form:
    """Collects the fields of a document's form, initialised before, page by page: no page is opened for them alone."""

    def __init__(self, document: Any) -> None:
        self._formenv = document.formenv
        self.fields: list[Field] = []

    def read(self, page: Any, index: int) -> list[Field]:
        """Return the fields of an open page, and keep them."""
        if self._formenv is None or index >= _FORM_PAGES_MAX:
            return []
        found = list(islice(_fields(self._formenv, page, index), _FIELDS_MAX - len(self.fields)))
        self.fields += found
        return found

    def shown(self) -> list[dict[str, Any]]:
        """Return what was read as a property of the file."""
        return first_that_fit(field.shown() for field in self.fields)


def _fields(formenv: Any, page: Any, index: int) -> Iterator[Field]:
    import pypdfium2.raw as pdfium

    shown = Shown(page)
    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(annotation) == _WIDGET:
                name = _words(pdfium.FPDFAnnot_GetFormFieldName, formenv, annotation, _TITLE_MAX_CHARACTERS)
                kind = _KIND_OF_FIELD.get(pdfium.FPDFAnnot_GetFormFieldType(formenv, annotation), "other")
                value = _words(pdfium.FPDFAnnot_GetFormFieldValue, formenv, annotation, _VALUE_MAX_CHARACTERS)
                yield Field(index, name, kind, value, _place(annotation, shown))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _words(read: Any, formenv: Any, annotation: Any, most: int) -> str:
    """Return a text that PDFium writes as UTF-16 into a buffer of ours, after telling how long it is."""
    size_bytes = read(formenv, annotation, None, 0)
    if size_bytes <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size_bytes // 2))()
    read(formenv, annotation, buffer, size_bytes)
    return clean(bytes(buffer).decode("utf-16-le", "replace").rstrip("\0"))[:most]


def _place(annotation: Any, shown: Shown) -> Box | None:
    import pypdfium2.raw as pdfium

    corners = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, corners):
        return None
    return shown.box(corners.left, corners.top, corners.right, corners.bottom)


def _size_of(attached: Any) -> int | None:
    """Return the size of an attached file as it says itself; it is not unpacked to know."""
    import pypdfium2.raw as pdfium

    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(attached, None, 0, size):
        return None
    return size.value
