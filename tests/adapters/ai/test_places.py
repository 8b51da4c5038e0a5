"""Where a finding stands on its page: from the real PDF step and from the real tesseract, through the blob ai reads."""

from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFont

from filemill.ai.capabilities.run import run
from filemill.processing.steps import image_text, pdf_lines, text_blob
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.text_pages import Page
from support.programs import Require

TEST_DATA = Path(__file__).parents[3] / "test_data"
KINDS = {"total", "money", "date", "invoice-number", "party", "iban", "vat-id", "phone", "email"}


def entities_of(pages: list[Page], content_type: str, folder: Path) -> dict[str, Any]:
    """What ai finds in the blob that processing writes of these pages."""
    name = text_blob.write(pages, "", folder, by="test")
    subject = {"file_id": "f", "filename": "a", "content_type": content_type, "size_bytes": 1}
    request = {"capabilities": ["entities", "classification"], "subject": subject}
    return run(request, folder, folder / name)["results"]


def assert_placed(result: dict[str, Any]) -> None:
    """Each finding and each piece of evidence has a box inside its page."""
    for place in (*result["evidence"], *result["result"].get("entities", [])):
        box = place["box"]
        assert 0 <= box["left"] < box["left"] + box["width"] <= 1.0001
        assert 0 <= box["top"] < box["top"] + box["height"] <= 1.0001


def test_places_when_a_pdf_has_text_then_each_finding_has_page_span_and_box(tmp_path: Path) -> None:
    """The total of the invoice stands below its number, and on the page that says so."""
    document = pypdfium2.PdfDocument(TEST_DATA / "invoice.pdf")
    try:
        pages = [pdf_lines.read_page(page, number, lines_most=1_000) for number, page in enumerate(document, start=1)]
    finally:
        document.close()
    results = entities_of(pages, "application/pdf", tmp_path)
    entities = results["entities"]["result"]["entities"]
    assert {one["kind"] for one in entities} >= KINDS
    for result in results.values():
        assert_placed(result)
    texts = {page.number: page.text for page in pages}
    assert all(texts[one["page"]][one["start"] : one["end"]] == one["text"] for one in entities)
    first = {one["kind"]: one for one in reversed(entities)}
    assert first["invoice-number"]["box"]["top"] < first["total"]["box"]["top"]


@pytest.mark.parametrize("turned_degrees", [0.0, 1.5])
def test_places_when_words_were_read_in_a_picture_then_each_finding_has_a_box_where_it_was_drawn(
    turned_degrees: float, tmp_path: Path, require: Require
) -> None:
    """A scan, straight and a little askew: the box holds the line that was drawn."""
    require("tesseract")
    font = ImageFont.load_default(34)
    page = Image.new("L", (1200, 900), 255)
    draw = ImageDraw.Draw(page)
    for y, line in (
        (120, "Invoice number: TR-2025-118"),
        (420, "Total due: 421.20 EUR"),
        (700, "Payable until 2025-03-14"),
    ):
        draw.text((90, y), line, fill=0, font=font)
    source = tmp_path / "scan.png"
    page.rotate(turned_degrees, fillcolor=255).save(source)
    context = StepContext(source, tmp_path, "scan.png", "image/png", "image/png")
    context.properties.update(width_px=1200, height_px=900)
    assert image_text.run(context).state == "done"
    results = entities_of(context.pages, "image/png", tmp_path)
    assert_placed(results["entities"])
    found = {one["kind"]: one for one in results["entities"]["result"]["entities"]}
    for kind, y in (("invoice-number", 120), ("total", 420), ("date", 700)):
        box = found[kind]["box"]
        assert box["top"] - 0.04 < y / 900 < box["top"] + box["height"] + 0.02
