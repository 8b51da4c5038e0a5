"""Words in pictures without tesseract: rapidocr reads them, with blanks between them, upright or not."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from filemill.processing.steps import line_reader, rapid_ocr
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.ocr import TooSlowError
from filemill.processing.steps.options import Options
from support.scans import page, png

OPTIONS = {"ocr_engine": "rapidocr"}
LINES = ("INVOICE NUMBER", "Harvest report of September", "Seventeen valves, 3 crates")


def step_of(result: Any) -> Any:
    """The record of the step that reads pictures."""
    return next(step for step in result["steps"] if step["name"] == "image_text")


def test_picture_when_it_has_words_then_they_are_read_with_blanks_and_places(process: Any, blob_of: Any) -> None:
    """The shape is that of tesseract's: search finds each word, a reader its place; who read it is told."""
    result = process(png(page(*LINES)), "a.png", options=OPTIONS)
    read = blob_of(result)["pages"][0]
    assert read["text"].split("\n") == list(LINES)
    assert [read["text"][line["start"] : line["end"]] for line in read["lines"]] == list(LINES)
    assert read["lines"][0]["box"]["left"] == pytest.approx(0.08, abs=0.02)
    assert read["lines"][2]["box"]["top"] == pytest.approx(0.35, abs=0.04)
    assert result["properties"]["text_by"] == "ocr"
    assert result["properties"]["ocr_engine"].startswith("rapidocr 3.")


@pytest.mark.parametrize("degrees", [90, 180, 270, 2, -2])
def test_picture_when_it_is_turned_then_its_lines_are_read_in_their_order(
    process: Any, text_of: Any, degrees: int
) -> None:
    """A page on its side, on its head, or put a little askew on the glass."""
    turned = page(*LINES).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert text_of(process(png(turned), "a.png", options=OPTIONS)).split("\n") == list(LINES)


@pytest.mark.parametrize("kind", ["blank", "noise", "thin", "dot"])
def test_picture_when_there_are_no_words_then_the_step_is_empty(process: Any, kind: str) -> None:
    """Nothing to read is no error, and no letters are invented."""
    picture = {
        "blank": lambda: Image.new("L", (900, 700), 255),
        "noise": lambda: Image.frombytes("L", (900, 700), random.Random(1).randbytes(630_000)),
        "thin": lambda: Image.new("L", (2400, 2), 0),
        "dot": lambda: Image.new("L", (1, 1), 0),
    }[kind]()
    result = process(png(picture), "a.png", options=OPTIONS)
    assert (step_of(result)["state"], result["text"]["state"]) == ("empty", "empty")


def test_languages_when_none_of_them_is_read_then_the_step_says_so(process: Any) -> None:
    """Cyrillic read with Latin letters would be garbage that search finds."""
    record = step_of(process(png(page(*LINES)), "a.png", options=OPTIONS | {"ocr_languages": "rus+ukr"}))
    assert (record["state"], record["code"]) == ("skipped", "needs-ocr-language")
    assert "does not read rus, ukr" in record["detail"]


def test_languages_when_one_is_not_read_then_the_page_is_read_in_the_others_and_told(process: Any) -> None:
    """As with tesseract."""
    result = process(png(page(*LINES)), "a.png", options=OPTIONS | {"ocr_languages": "eng+rus"})
    assert step_of(result)["state"] == "done"
    assert result["properties"]["ocr_languages_missing"] == ["rus"]


def test_step_when_there_is_no_time_then_it_ends_by_name(tmp_path: Path) -> None:
    """What the step knows of other engines too: pages read before are kept."""
    context = StepContext(tmp_path, tmp_path, "", "", "image/png", Options(ocr_engine="rapidocr"))
    with pytest.raises(TooSlowError):
        rapid_ocr.read_page(page(*LINES), 1, context, timeout_s=0.0)


def test_lines_when_the_time_ends_among_them_then_the_upper_ones_are_kept() -> None:
    """A page with a thousand lines must not take the file with it."""
    models, pixels = rapid_ocr.engine(), np.asarray(page(*LINES).convert("RGB"))
    corners = models.find(pixels)
    lines = [line_reader.cut_out(pixels, box) for box in corners]
    answers = iter([True, True, False])
    read = rapid_ocr.read_lines(models, corners, lines, lambda: next(answers))
    assert [piece.text for piece, _ in read] == list(LINES[:2])


def test_engine_when_switched_off_then_pictures_are_not_read(process: Any) -> None:
    """Whoever has only photos can save the time."""
    record = step_of(process(png(page(*LINES)), "a.png", options={"ocr_engine": "off"}))
    assert (record["state"], record["code"]) == ("skipped", "ocr-off")


ALPHABETS = {
    "afr": "áéèêëíîïóôúû", "cat": "àçèéíïòóúü", "ces": "áčďéěíňóřšťúůýž", "cym": "âêîôûŵŷ", "dan": "æøå", "deu": "äöüß",
    "est": "äõöüšž", "fra": "àâæçéèêëîïôœùûüÿ", "hrv": "čćđšž", "hun": "áéíóöőúüű", "isl": "áðéíóúýþæö", "ita": "àèéìíòóù",
    "lav": "āčēģīķļņšūž", "lit": "ąčęėįšųūž", "mlt": "ċġħż", "pol": "ąćęłńóśźż", "por": "àáâãçéêíóôõú", "ron": "ăâîșțşţ",
    "slk": "áäčďéíĺľňóôŕšťúýž", "spa": "áéíñóúü¿", "tur": "çğıöşüâ", "epo": "ĉĝĥĵŝŭ", "chi_sim": "简体文字",
    "jpn": "あいアイ日本",
}  # fmt: skip


def test_languages_when_listed_then_the_model_has_their_letters() -> None:
    """What is claimed to be read can be written by the model; what is not in the list cannot."""
    letters = set(rapid_ocr.engine().letters)
    for language, alphabet in ALPHABETS.items():
        assert language in rapid_ocr.LANGUAGES
        assert set(alphabet) <= letters, language
    assert not letters & set("жשقวạ한")


def test_models_when_the_wheel_is_installed_then_they_are_in_it() -> None:
    """Nothing is ever fetched: the files that are loaded are those that came with the package."""
    for name in rapid_ocr.MODELS:
        assert (rapid_ocr.models_folder() / name).stat().st_size > 1 << 20
