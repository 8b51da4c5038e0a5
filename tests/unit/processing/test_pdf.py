"""PDF: where the words stand, what the document says about itself, and its parts besides text."""

import io
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

# Of the word placed below, on its page as it is: left, top, right, bottom.
UPRIGHT = (0.2539, 0.2321, 0.3564, 0.2504)


def page_with_word(*, rotation: int = 0, crop: tuple[int, int, int, int] | None = None) -> bytes:
    """Return a PDF of one page, 400 by 800 points, with one word that begins at (100, 600) from the bottom left."""
    buffer = io.BytesIO()
    document = canvas.Canvas(buffer, pagesize=(400, 800))
    document.setFont("Helvetica", 20)
    document.drawString(100, 600, "Here")
    document.save()
    opened = pypdfium2.PdfDocument(buffer.getvalue())
    opened[0].set_rotation(rotation)
    if crop is not None:
        opened[0].set_cropbox(*crop)
    changed = io.BytesIO()
    opened.save(changed)
    opened.close()
    return changed.getvalue()


def turned(box: tuple[float, float, float, float], degrees: int) -> tuple[float, float, float, float]:
    """Return a box of a page on that page turned clockwise."""
    left, top, right, bottom = box
    for _ in range(degrees // 90):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return left, top, right, bottom


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_line_when_the_page_is_turned_then_its_box_is_where_it_is_seen(
    process: Any, blob_of: Any, rotation: int
) -> None:
    """Boxes are shares of the page as it is shown, from its top left."""
    blob = blob_of(process(page_with_word(rotation=rotation), "a.pdf"))
    left, top, right, bottom = turned(UPRIGHT, rotation)
    (line,) = blob["pages"][0]["lines"]
    assert (line["start"], line["end"]) == (0, 4)
    expected = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    assert line["box"] == pytest.approx(expected, abs=0.002)
    assert blob["chunks"] == [{"page": 1, "start": 0, "end": 4, "box": line["box"]}]


def test_line_when_the_page_is_cropped_then_its_box_is_a_share_of_what_is_left(process: Any, blob_of: Any) -> None:
    """What is cut away is not part of the page."""
    box = blob_of(process(page_with_word(crop=(100, 400, 300, 800)), "a.pdf"))["pages"][0]["lines"][0]["box"]
    assert box["left"] == pytest.approx(0.0077, abs=0.002)
    assert box["top"] == pytest.approx(0.4641, abs=0.002)
    assert box["width"] == pytest.approx(0.205, abs=0.002)


def with_parts() -> bytes:
    """Return a PDF with an outline of two levels, a form with values, and an attached file."""
    buffer = io.BytesIO()
    document = canvas.Canvas(buffer, pagesize=(400, 800))
    document.bookmarkPage("one")
    document.addOutlineEntry("Chapter 1", "one", level=0)
    document.drawString(100, 600, "First")
    document.acroForm.textfield(name="surname", value="Nakamura", x=100, y=400, width=200, height=40)
    document.acroForm.checkbox(name="agreed", checked=True, x=100, y=300)
    document.showPage()
    document.bookmarkPage("two")
    document.addOutlineEntry("Part 1.1", "two", level=1)
    document.drawString(100, 600, "Second")
    document.save()
    opened = pypdfium2.PdfDocument(buffer.getvalue())
    opened.new_attachment("table.csv").set_data(b"a,b\n1,2\n")
    changed = io.BytesIO()
    opened.save(changed)
    opened.close()
    return changed.getvalue()


def test_pdf_when_it_has_parts_then_they_are_told(process: Any, blob_of: Any) -> None:
    """Outline with pages, fields with values, attached files; a value is found in the text, at its place."""
    result = process(with_parts(), "a.pdf")
    properties = result["properties"]
    assert properties["outline"] == [
        {"title": "Chapter 1", "level": 1, "page": 1},
        {"title": "Part 1.1", "level": 2, "page": 2},
    ]
    assert properties["form"][0] == {"name": "surname", "kind": "text", "value": "Nakamura", "page": 1}
    assert [(field["name"], field["kind"]) for field in properties["form"]][1] == ("agreed", "checkbox")
    assert properties["attachments"] == [{"name": "table.csv", "size_bytes": 8}]
    first = blob_of(result)["pages"][0]
    assert first["text"] == "First\nNakamura"
    expected = {"left": 0.25, "top": 0.45, "width": 0.5, "height": 0.05}
    assert first["lines"][1]["box"] == pytest.approx(expected, abs=0.01)


def test_page_picture_when_asked_for_then_only_that_one_is_made(process: Any, work_dir: Any) -> None:
    """A page is drawn on request, by its number."""
    result = process(with_parts(), "a.pdf", renditions=["page-2"], only=["pdf_page"])
    (made,) = result["renditions"]
    assert (made["name"], made["height_px"]) == ("page-2", 1600)
    assert (work_dir / made["path"]).stat().st_size == made["size_bytes"]


@pytest.mark.parametrize(
    ("name", "option", "kind"),
    [
        ("page-1", "webp", "WEBP"),
        ("page-1", "avif", "AVIF"),
        ("page-1.png", "webp", "PNG"),
        ("page-1.jpeg", "avif", "JPEG"),
        ("page-1.webp", "avif", "WEBP"),
        ("page-1.avif", "webp", "AVIF"),
    ],
)
def test_page_picture_when_a_format_is_named_then_it_is_that_one_else_the_one_that_is_set(
    process: Any, work_dir: Any, name: str, option: str, kind: str
) -> None:
    """Not every program shows WebP."""
    options = {"picture_format": option}
    result = process(with_parts(), "a.pdf", renditions=[name], only=["pdf_page"], options=options)
    (made,) = result["renditions"]
    assert (made["name"], made["content_type"]) == (name, f"image/{kind.lower()}")
    with Image.open(work_dir / made["path"]) as picture:
        assert (picture.format, picture.height) == (kind, 1600)


@pytest.mark.parametrize(
    ("name", "code"), [("page-3", "no-such-page"), ("page-1.gif", "not-asked"), ("thumbnail", "not-asked")]
)
def test_page_picture_when_there_is_none_then_it_says_why(process: Any, name: str, code: str) -> None:
    """A page that is not there is a sentence; the document is not refused for it."""
    result = process(with_parts(), "a.pdf", renditions=[name], only=["pdf_page"])
    assert result["steps"][-1]["code"] == code
    assert result["reject"] is None
