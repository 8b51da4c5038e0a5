"""Barcodes and picture measures on real pictures, one-pixel ones and broken ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from filemill.ai.capabilities.barcodes import read_barcodes
from filemill.ai.capabilities.picture import MAX_PIXELS, PictureError, colour_name, measure
from filemill.ai.capabilities.results import Box


def test_barcodes_when_the_qr_sample_is_read_then_text_format_and_place_are_known(of_sample) -> None:
    """The code's text is what was written into it, its box the inner part of the picture."""
    outcome = read_barcodes(of_sample("qr.png"))
    assert outcome.result is not None
    (code,) = outcome.result["barcodes"]
    assert (code["format"], code["text"], code["kind"]) == ("QRCode", "https://filemill.example/t/7QK4-0417", "url")
    (box,) = outcome.evidence
    assert isinstance(box, Box)
    assert box.left == pytest.approx(0.108, abs=0.01)  # a quiet zone of 4 modules of 37
    assert box.width == pytest.approx(0.784, abs=0.01)


def test_barcodes_when_two_kinds_are_on_one_page_then_both_are_read(tmp_path: Path, of_text) -> None:
    """Several codes of several kinds on one picture are all reported, each at its place."""
    page = Image.new("L", (900, 700), 255)
    for kind, text, corner in (("EAN13", "5901234123457", (40, 40)), ("DataMatrix", "filemill", (500, 400))):
        code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
        drawn = np.array(code.to_image(scale=4, add_quiet_zones=True))
        page.paste(Image.fromarray(drawn), corner)
    page.save(tmp_path / "page.png")
    outcome = read_barcodes(replace(of_text(""), preview=tmp_path / "page.png"))
    assert outcome.result is not None
    texts = {code["text"]: code["box"] for code in outcome.result["barcodes"]}
    assert set(texts) == {"5901234123457", "filemill"}
    assert texts["filemill"]["left"] > texts["5901234123457"]["left"]


def test_barcodes_when_there_is_no_code_or_no_picture_then_the_state_says_which(of_sample, of_text) -> None:
    """None found and nothing to look at are different answers."""
    assert read_barcodes(of_sample("sample.jpg")).state == "empty"
    without = read_barcodes(of_text("no picture"))
    assert without.state == "unsupported"
    assert without.reason is not None
    assert without.reason.code == "no-preview"


def test_picture_when_it_is_one_pixel_then_everything_still_answers(tmp_path: Path, of_text) -> None:
    """The smallest picture has a size and a colour and no code."""
    Image.new("RGB", (1, 1), (200, 30, 30)).save(tmp_path / "one.png")
    measured = measure(tmp_path / "one.png")
    assert (measured.width_px, measured.height_px, measured.colours, measured.grain) == (1, 1, ("red",), 0.0)
    assert read_barcodes(replace(of_text(""), preview=tmp_path / "one.png")).state == "empty"


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40])
def test_picture_when_it_is_unreadable_then_the_failure_is_named(content: bytes, tmp_path: Path, of_text) -> None:
    """A broken preview is a stated failure of this capability, not a crash."""
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(PictureError):
        measure(tmp_path / "bad.png")
    outcome = read_barcodes(replace(of_text(""), preview=tmp_path / "bad.png"))
    assert outcome.state == "failed"
    assert outcome.reason is not None
    assert outcome.reason.code == "preview-unreadable"


def test_picture_when_its_header_promises_too_many_pixels_then_it_is_not_decoded(tmp_path: Path) -> None:
    """The cap is checked from the header."""
    side = int(MAX_PIXELS**0.5) + 10
    Image.new("1", (side, side)).save(tmp_path / "huge.png")
    with pytest.raises(PictureError, match="more than"):
        measure(tmp_path / "huge.png")


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((255, 255, 255), "white"),
        ((10, 10, 12), "black"),
        ((128, 128, 130), "grey"),
        ((220, 20, 30), "red"),
        ((250, 140, 10), "orange"),
        ((120, 72, 20), "brown"),
        ((240, 220, 40), "yellow"),
        ((40, 120, 50), "green"),
        ((30, 90, 200), "blue"),
        ((130, 50, 190), "purple"),
        ((240, 110, 190), "pink"),
    ],
)
def test_colour_when_it_is_an_everyday_one_then_it_has_its_everyday_name(colour, name) -> None:
    """Names are what a person would say."""
    assert colour_name(*colour) == name
