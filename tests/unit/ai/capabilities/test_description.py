"""Descriptions: composed, saying so, and from what."""

from filemill.ai.capabilities.description import describe
from filemill.ai.capabilities.names import AFTER

BEFORE = AFTER["description"]


def test_description_when_the_invoice_is_described_then_it_names_what_is_known(of_sample) -> None:
    """Type, pages, language, class, number, parties and total make one sentence."""
    outcome = describe(of_sample("invoice.pdf", after=BEFORE))
    assert outcome.result is not None
    assert outcome.result["composed"] is True
    assert outcome.result["text"].startswith(
        "A two-page PDF document in English, an invoice with the number INV-2025-0417 from Hollow Oak Instruments GmbH "
        "to Bright Harbour Labs GmbH, total 1,284.50 EUR."
    )
    assert {"content_type", "pages", "language", "classification", "entities"} <= set(outcome.result["composed_from"])


def test_description_when_a_photo_is_described_then_it_uses_exif_and_colours_only(of_sample) -> None:
    """What the photo shows is not known, so it is not said."""
    facts = {"width_px": 1200, "height_px": 800, "exif": {"Make": "Lumenfeld", "Model": "Lumenfeld L2"}}
    facts["exif"]["DateTimeOriginal"] = "2025:06:14 19:42:10"
    outcome = describe(of_sample("sample.jpg", after=BEFORE, properties=facts))
    assert outcome.result is not None
    said, _, colours = outcome.result["text"].partition(", mostly ")
    assert said == "A photo (JPEG picture) of 1200 x 800 pixels taken with Lumenfeld L2 on 14 June 2025"
    assert set(colours.rstrip(".").replace(" and ", ", ").split(", ")) == {"blue", "grey", "teal"}
    assert set(outcome.result["composed_from"]) == {
        "content_type", "classification", "dimensions", "exif.camera", "exif.date", "colours",
    }  # fmt: skip


def test_description_when_a_code_is_on_the_picture_then_it_is_quoted(of_sample) -> None:
    """The text of a barcode is quoted data."""
    outcome = describe(of_sample("qr.png", after=BEFORE))
    assert outcome.result is not None
    assert 'a QR code that reads "https://filemill.example/t/7QK4-0417"' in outcome.result["text"]


def test_description_when_nothing_is_known_then_type_and_size_are_said(of_text) -> None:
    """There is always an honest sentence."""
    outcome = describe(of_text(content_type="application/octet-stream"))
    assert outcome.result is not None
    assert outcome.result["text"] == "A file of an unknown type, 0 bytes."
    assert outcome.result["composed_from"] == ["content_type", "size"]


def test_description_when_properties_lie_then_they_are_ignored_or_cut(of_text) -> None:
    """Properties come from files: wrong types, control signs and endless names do no harm."""
    facts = {
        "width_px": "wide",
        "height_px": -3,
        "page_count": True,
        "exif": {"Model": "X\x00\n" + "y" * 5_000, "DateTimeOriginal": "9999:99:99 00:00:00"},
    }
    outcome = describe(of_text(content_type="image/jpeg", properties=facts))
    assert outcome.result is not None
    assert len(outcome.result["text"]) < 300
    assert outcome.result["text"].isprintable()
