"""Words in pictures: read by tesseract, each line with its place; a missing language says how to get it."""

import io
import zipfile
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from .files import encode, photo, scanned_word, word, zipped


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


@pytest.mark.usefixtures("tesseract")
def test_tiff_when_it_has_pages_then_each_is_read(process: Any, blob_of: Any) -> None:
    """A scan or a fax: a small copy of a page is none, a page without words keeps its number."""
    font = ImageFont.load_default(size=60)
    pages = []
    for words in ("Harvest report", "", "Seventeen valves"):
        page = Image.new("L", (1000, 400), 255)
        ImageDraw.Draw(page).text((100, 100), words, 0, font=font)
        pages.append(page)
    result = process(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "a.tif")
    assert result["properties"]["frames"] == 3
    found = blob_of(result)["pages"]
    assert [(page["number"], page["text"]) for page in found] == [(1, "Harvest report"), (3, "Seventeen valves")]
    assert "text_truncated" not in result["properties"]


@pytest.mark.usefixtures("tesseract")
def test_tiff_when_a_page_is_broken_then_the_others_are_read_and_it_is_told(process: Any, text_of: Any) -> None:
    """One damaged page does not hide the others."""
    font = ImageFont.load_default(size=60)
    first, second = (Image.new("L", (1000, 400), 255) for _ in range(2))
    ImageDraw.Draw(first).text((100, 100), "Harvest report", 0, font=font)
    body = bytearray(encode(first, "TIFF", save_all=True, append_images=[second], compression="tiff_adobe_deflate"))
    with Image.open(io.BytesIO(body)) as opened:
        opened.seek(1)
        start, size = opened.tag_v2[273][0], opened.tag_v2[279][0]  # StripOffsets, StripByteCounts
    body[start : start + size] = b"\xff" * size
    result = process(bytes(body), "a.tif")
    assert text_of(result) == "Harvest report"
    assert result["properties"]["pages_unreadable"] == 1


@pytest.mark.usefixtures("tesseract")
def test_document_when_it_is_only_a_scan_then_its_pictures_are_read_in_order(process: Any, blob_of: Any) -> None:
    """Twelve pages of which ten are read, each under its number; a logo is no page."""
    font = ImageFont.load_default(size=60)
    pages = [Image.new("L", (80, 80), 99)]
    for number in range(1, 12):
        pages.append(Image.new("L", (1000, 420), 255))
        ImageDraw.Draw(pages[-1]).text((100, 100), f"Harvest {number}", 0, font=font)
    result = process(scanned_word(*pages), "a.docx")
    assert result["properties"]["text_by"] == "ocr"
    assert result["properties"]["text_truncated"]
    assert [page["text"] for page in blob_of(result)["pages"]] == [f"Harvest {number}" for number in range(1, 10)]


def steps_of(result: Any) -> dict[str, tuple[str, str | None]]:
    return {step["name"]: (step["state"], step["code"]) for step in result["steps"]}


def test_document_when_it_has_words_or_no_picture_then_none_is_looked_at(process: Any) -> None:
    """Its own words are better than read ones; a document of before 2007 is no archive of pictures."""
    assert steps_of(process(word("Some words"), "a.docx"))["image_text"] == ("skipped", "has-text")
    assert steps_of(process(word(), "a.docx"))["image_text"] == ("skipped", "no-picture")


@pytest.mark.usefixtures("tesseract")
def test_document_when_its_picture_is_damaged_then_it_has_no_words_and_is_no_failure(process: Any) -> None:
    """A member that is no picture, whatever it is called."""
    broken = scanned_word(photo(800, 600), kind="JPEG")
    members = {}
    with zipfile.ZipFile(io.BytesIO(broken)) as archive:
        for name in archive.namelist():
            members[name] = b"\xff\xd8 nothing" if name.startswith("word/media/") else archive.read(name)
    result = process(zipped(members), "a.docx")
    assert steps_of(result)["image_text"][0] == "empty"
    assert result["properties"]["pages_unreadable"] == 1
    assert result["reject"] is None
