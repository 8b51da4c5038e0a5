"""Words in pictures: read by tesseract, each line with its place; a missing language says how to get it."""

from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from .files import encode


def page_with_words() -> bytes:
    """Return a picture with two lines, the second one in its lower half."""
    picture = Image.new("RGB", (1000, 400), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=60)
    draw.text((100, 40), "Harvest report", "black", font=font)
    draw.text((100, 280), "Seventeen valves", "black", font=font)
    return encode(picture, "PNG")


@pytest.fixture
def tesseract(require: Any) -> None:
    """These tests need the program."""
    require("tesseract")


@pytest.mark.usefixtures("tesseract")
def test_picture_when_it_has_words_then_each_line_has_its_place(process: Any, blob_of: Any) -> None:
    """Boxes are shares of the picture."""
    blob = blob_of(process(page_with_words(), "a.png"))
    page = blob["pages"][0]
    assert page["text"] == "Harvest report\n\nSeventeen valves"
    first, second = (line["box"] for line in page["lines"])
    assert first["left"] == pytest.approx(0.1, abs=0.02)
    assert first["top"] == pytest.approx(0.13, abs=0.05)
    assert second["top"] == pytest.approx(0.73, abs=0.05)
    assert blob["chunks"][0]["box"]["height"] > 0.6


@pytest.mark.usefixtures("tesseract")
def test_picture_when_no_language_is_installed_then_the_step_names_what_to_install(process: Any) -> None:
    """The step ends with a command that helps."""
    result = process(page_with_words(), "a.png", options={"ocr_languages": "qaa"})
    record = next(step for step in result["steps"] if step["name"] == "image_text")
    assert (record["state"], record["code"]) == ("skipped", "needs-ocr-language")
    assert "tesseract-ocr-qaa" in record["detail"]


@pytest.mark.usefixtures("tesseract")
def test_picture_when_one_language_is_missing_then_it_is_read_in_the_others_and_told(
    process: Any, text_of: Any
) -> None:
    """A file is not left unread for a language it may not have."""
    result = process(page_with_words(), "a.png", options={"ocr_languages": "eng+qaa"})
    assert "Harvest" in text_of(result)
    assert result["properties"]["ocr_languages_missing"] == ["qaa"]
