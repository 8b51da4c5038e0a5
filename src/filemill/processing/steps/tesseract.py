"""Reading the words of one picture with the program tesseract, and where each line stands.

Not for: choosing pictures (image_text.py). On failure: `TooSlowError` when the time is up, else StepError:
`needs-ocr-language` where no data of a language is installed, `picture-text-failed` where the program gives up.
"""

import re
import subprocess
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from filemill.chassis.sandbox.programs import run_program
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.ocr import NEEDS_LANGUAGE, TooSlowError
from filemill.processing.steps.results import StepEnd, StepError
from filemill.processing.steps.text_pages import Box, Page, around, page_of_lines

# Two threads on one page wait for each other more than they work.
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}
_PICTURE_FILE = "ocr.png"
_WORD_LEVEL = "5"
_COLUMNS = 12
_VERSION_TIMEOUT_S = 5.0
_VERSION = re.compile(r"tesseract v?(\d[\w.-]*)")
_NOT_LOADED = re.compile(r"Failed loading language '([A-Za-z_]{2,20})'")


class _Word(NamedTuple):
    paragraph: tuple[str, str]
    line: tuple[str, str, str]
    text: str
    box: Box


def version(context: StepContext) -> str:
    """Return the version the program tells."""
    _, said, _ = run_program(["tesseract", "--version"], work_dir=context.work_dir, timeout_s=_VERSION_TIMEOUT_S)
    number = _VERSION.match(said.decode("utf-8", "replace"))
    return number.group(1) if number else ""


def read_page(picture: Any, number: int, context: StepContext, *, timeout_s: float) -> Page:
    """Return the words of a grey Pillow picture as a page; boxes are shares of the picture."""
    source = context.work_dir / _PICTURE_FILE
    picture.save(source, "PNG", compress_level=1)
    languages = context.options.ocr_languages
    arguments = ["tesseract", _PICTURE_FILE, "stdout", "--psm", "3", "-l", languages, "tsv"]
    try:
        status, output, said = run_program(
            arguments, work_dir=context.work_dir, timeout_s=max(timeout_s, 0.1), environment=_ONE_THREAD
        )
    except subprocess.TimeoutExpired as error:
        raise TooSlowError from error
    finally:
        source.unlink()
    missing = sorted(set(_NOT_LOADED.findall(said.decode("utf-8", "replace"))))
    if status != 0:
        raise StepError(_needs_language(missing) if missing else _GAVE_UP)
    if missing:  # it read the page in the other languages
        context.properties["ocr_languages_missing"] = missing
    words = list(_words(output.decode("utf-8", "replace"), *picture.size))
    return page_of_lines(number, list(_lines(words)))


_GAVE_UP = StepEnd("failed", "picture-text-failed", "The program tesseract could not read the picture.")


def _needs_language(missing: list[str]) -> StepEnd:
    packages = " ".join("tesseract-ocr-" + name.lower().replace("_", "-") for name in missing)
    detail = (
        f"tesseract has no data for {', '.join(missing)} (apt install {packages}), or set FILEMILL_OCR_LANGUAGES to "
        "languages that are installed; then process the file again."
    )
    return StepEnd("skipped", NEEDS_LANGUAGE, detail)


def _words(table: str, width_px: int, height_px: int) -> Iterator[_Word]:
    """Yield the words of tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, …."""
    for row in table.split("\n"):
        cells = row.split("\t", _COLUMNS - 1)
        if len(cells) < _COLUMNS or cells[0] != _WORD_LEVEL or not cells[11].strip():
            continue
        left, top, width, height = (int(cell) for cell in cells[6:10])
        box = Box(left / width_px, top / height_px, (left + width) / width_px, (top + height) / height_px)
        yield _Word((cells[2], cells[3]), (cells[2], cells[3], cells[4]), cells[11].strip(), box)


def _lines(words: list[_Word]) -> Iterator[tuple[str, Box | None]]:
    """Yield each line with its place, and a blank line between paragraphs."""
    before: tuple[str, str] | None = None
    for _, found in groupby(words, key=lambda word: word.line):
        line = list(found)
        if before is not None and line[0].paragraph != before:
            yield "", None
        before = line[0].paragraph
        yield " ".join(word.text for word in line), around(word.box for word in line)
