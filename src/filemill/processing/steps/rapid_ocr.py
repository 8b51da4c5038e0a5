"""Reading the words of one picture with the models in rapidocr's wheel (PP-OCRv6), run by ONNX Runtime. No system package.

One model finds the lines, one reads them: Latin alphabets, Chinese and Japanese, with the blanks between words. Nothing is
fetched: the models are files of the wheel. Its own code is not loaded: it reads its settings for a second, for each file
anew (docs/decisions/0009-libraries.md). Not for: choosing pictures (image_text.py).
On failure: `TooSlowError` when the time is up before a line was read, else the lines read by then; StepError
`needs-ocr-language` for languages it does not read.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filemill.processing.steps import line_finder, line_reader
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.ocr import NEEDS_LANGUAGE, TooSlowError
from filemill.processing.steps.reading_order import Piece, lines_of
from filemill.processing.steps.results import StepEnd, StepError
from filemill.processing.steps.text_pages import Page, page_of_lines

# tesseract's names. Each alphabet is in the model's list of characters (a test holds that); Cyrillic, Greek with its accents,
# Arabic, Hebrew, Hangul, Devanagari, Thai and Vietnamese are not.
LANGUAGES = frozenset(
    [
        "afr", "bos", "bre", "cat", "ces", "chi_sim", "chi_sim_vert", "chi_tra", "chi_tra_vert", "cym", "dan", "deu", "eng",
        "epo", "est", "eus", "fao", "fin", "fra", "fry", "gle", "glg", "hrv", "hun", "ind", "isl", "ita", "jpn", "jpn_vert",
        "lat", "lav", "lit", "ltz", "mlt", "msa", "nld", "nor", "oci", "pol", "por", "que", "ron", "slk", "slv", "spa", "sqi",
        "swa", "swe", "tgl", "tur",
    ]
)  # fmt: skip
MODELS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
# No word is so small.
_SIDE_LEAST_PX = 8
# A line read with less is noise, a drawing, or letters nobody can read.
_SCORE_LEAST = 0.5
# Upright lines are read with 0.95 and more, lines on their head with 0.4 to 0.7.
_SCORE_UPRIGHT = 0.85
_SAMPLE_LINES = 3


def version(_context: StepContext) -> str:
    """Return the version of the library."""
    return version_of("rapidocr")


def read_page(picture: Any, number: int, context: StepContext, *, timeout_s: float) -> Page:
    """Return the words of a grey Pillow picture as a page; boxes are shares of the picture."""
    import numpy as np

    _choose_languages(context)
    give_up_at = time.monotonic() + timeout_s
    if min(picture.size) < _SIDE_LEAST_PX:
        return Page(number, "")
    pixels = np.asarray(picture.convert("RGB"))
    models = engine()
    if time.monotonic() >= give_up_at:
        raise TooSlowError
    corners = models.find(pixels)
    if not corners:
        return Page(number, "")
    lines = [line_reader.cut_out(pixels, box) for box in corners]
    on_its_side = sum(map(_is_tall, corners)) * 2 > len(corners)
    on_its_head = _on_its_head(models, lines)
    upright = [_head_over(line) for line in lines] if on_its_head else lines
    pieces = read_lines(models, corners, upright, lambda: time.monotonic() < give_up_at)
    if len(pieces) < len(lines):
        if not pieces:
            raise TooSlowError
        context.properties["text_truncated"] = True
    kept = [piece for piece, score in pieces if score >= _SCORE_LEAST and piece.text]
    turns = int(on_its_side) + 2 * int(on_its_head)
    return page_of_lines(number, lines_of(kept, *picture.size, quarter_turns=turns))


def read_lines(
    models: "Engine", corners: list[Any], lines: list[Any], has_time: Callable[[], bool]
) -> list[tuple[Piece, float]]:
    """Return each line's words with how sure they are, as many as there is time for."""
    found: list[tuple[Piece, float]] = []
    for box, line in zip(corners, lines, strict=True):
        if not has_time():
            break
        text, score = models.words(line)
        found.append((Piece(text, tuple((float(x), float(y)) for x, y in box)), score))
    return found


def _choose_languages(context: StepContext) -> None:
    asked = context.options.ocr_languages.split("+")
    missing = sorted(name for name in asked if name not in LANGUAGES)
    if len(missing) == len(asked):
        detail = (
            f"rapidocr does not read {', '.join(missing)}: install the program tesseract with the data of that language, or "
            "set FILEMILL_OCR_LANGUAGES to a language with the Latin alphabet, chi_sim, chi_tra or jpn."
        )
        raise StepError(StepEnd("skipped", NEEDS_LANGUAGE, detail))
    if missing:  # the page is read for the others, as tesseract does
        context.properties["ocr_languages_missing"] = missing


@cache  # a confined process reads the pages of one file
def engine() -> "Engine":
    """Load both models."""
    import cv2
    import onnxruntime

    cv2.setNumThreads(1)  # one page at a time, beside other files
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest line
    options.log_severity_level = 3
    finder, reader = (onnxruntime.InferenceSession(str(models_folder() / name), options) for name in MODELS)
    return Engine(finder, reader, line_reader.letters_of(reader))


@dataclass(frozen=True, slots=True)
class Engine:
    """The two models, loaded, and what the second one's classes stand for."""

    finder: Any
    reader: Any
    letters: list[str]

    def find(self, pixels: Any) -> list[Any]:
        """Return the corners of each line."""
        return line_finder.find_lines(self.finder, pixels)

    def words(self, line: Any) -> tuple[str, float]:
        """Return the words of a line and how sure they are."""
        return line_reader.read_line(self.reader, self.letters, line)


def models_folder() -> Path:
    """Return where the wheel keeps its models."""
    spec = find_spec("rapidocr")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models"


def _is_tall(corners: Any) -> bool:
    width_px, height_px = (corners.max(axis=0) - corners.min(axis=0)).tolist()
    return line_reader.runs_up_or_down(width_px, height_px)


def _on_its_head(models: Engine, lines: list[Any]) -> bool:
    """Whether the page is upside down: its longest lines are read better when they are turned."""
    sample = sorted(lines, key=lambda line: line.shape[1])[-_SAMPLE_LINES:]
    upright = sum(models.words(line)[1] for line in sample) / len(sample)
    if upright >= _SCORE_UPRIGHT:
        return False
    return sum(models.words(_head_over(line))[1] for line in sample) / len(sample) > upright


def _head_over(line: Any) -> Any:
    import numpy as np

    return np.ascontiguousarray(np.rot90(line, 2))
