"""Capability `barcodes`: QR codes and other barcodes on the preview, with their text and place.

The text of a code is data: a web address in it is reported, never opened. A code that is small on a large page is
lost in the preview; "none found" says no more than that.
"""

from typing import Any

from filemill.ai.capabilities.picture import PictureError, opened
from filemill.ai.capabilities.results import Box, Outcome, Reason, empty, unsupported
from filemill.ai.capabilities.subject import Subject

MAX_CODES = 50
MAX_TEXT_CHARACTERS = 4_000  # more than any code standard holds (QR 40-L: 4,296 letters and digits)
# One-dimensional codes without a check digit read stripes of a photo as a code, sometimes.
_WEAK_FORMATS = frozenset({"ITF", "Codabar", "Code39", "DXFilmEdge", "Telepen"})


def read_barcodes(subject: Subject) -> Outcome:
    """Read every code on the preview; boxes are shares of its width and height."""
    if subject.preview is None:
        return unsupported("no-preview", "There is no picture of this file to look at.")
    import zxingcpp

    try:
        with opened(subject.preview) as image:
            grey = image.convert("L")
    except PictureError as error:
        return Outcome("failed", reason=Reason("preview-unreadable", str(error)))
    found = [code for code in zxingcpp.read_barcodes(grey) if code.valid and code.text][:MAX_CODES]
    if not found:
        return empty("nothing-found", "No barcode was found on the preview.")
    codes = [_as_json(code) for code in found]
    boxes = tuple(_box(code, grey.width, grey.height) for code in found)
    listed = [{**code, **box.as_json()} for code, box in zip(codes, boxes, strict=True)]
    weak = all(code["format"] in _WEAK_FORMATS for code in codes)
    return Outcome("done", {"barcodes": listed}, confidence=0.6 if weak else 0.99, evidence=boxes)


def _as_json(code: Any) -> dict[str, object]:
    text = code.text[:MAX_TEXT_CHARACTERS]
    kind = "url" if text.lower().startswith(("http://", "https://")) else "text"
    return {"format": str(code.format).rpartition(".")[2].replace(" ", ""), "text": text, "kind": kind}


def _box(code: Any, width_px: int, height_px: int) -> Box:
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
    left, right = min(corner.x for corner in corners), max(corner.x for corner in corners)
    top, bottom = min(corner.y for corner in corners), max(corner.y for corner in corners)
    return Box(left / width_px, top / height_px, (right - left) / width_px, (bottom - top) / height_px)
