"""Step: words in pictures and scanned pages, with tesseract when it is installed.

Reads the preview of a picture, or the first pages of a PDF that has no text of its own.
On failure: `skipped` with `needs-tesseract`; `failed` with `picture-text-failed` when tesseract gives up.
"""

import subprocess
import time
from typing import Any

from filemill.chassis.sandbox.programs import run_program
from filemill.processing.steps import pdf, pictures, programs, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "image_text"
VERSION = 2
OPTIONS = ("ocr_languages",)

# About 200 dpi of an A4 page: below, small print is lost; above, only time is.
_SIDE_PX = 2400
_PAGES_MAX = 10
# For all pages together, so that the step ends before the run's own limit does.
_BUDGET_S = 20.0
# Two threads on one page wait for each other more than they work.
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}
_PICTURE_FILE = "ocr.png"
_NEEDS_TESSERACT = StepEnd(
    "skipped",
    "needs-tesseract",
    "Reading words in pictures needs the program tesseract (apt install tesseract-ocr), then process the file again.",
)


def run(context: StepContext) -> StepEnd:
    """Set the pages read from pictures, if the file has no text of its own."""
    if context.text_state == "found":
        return StepEnd("skipped", "has-text", "The file has text of its own.")
    if context.text_state == "needs-password":
        return StepEnd("skipped", "needs-password", "The pages of a protected document cannot be looked at.")
    if programs.find("tesseract") is None:
        return _NEEDS_TESSERACT
    pages = _read_pdf(context) if context.content_type == "application/pdf" else [_read_picture(context)]
    pages = [page for page in pages if page.text]
    if not text_pages.has_words(pages):
        context.text_state = "empty"
        return StepEnd("empty", "no-text", "No words were found in the picture.")
    context.pages, context.text_state = pages, "found"
    context.properties["text_by"] = "ocr"
    return DONE


def _read_picture(context: StepContext) -> text_pages.Page:
    from PIL import Image, ImageOps

    if max(context.properties.get("width_px", 0), context.properties.get("height_px", 0)) <= _SIDE_PX:
        with pictures.open_with_pillow(context.source) as opened:
            pictures.refuse_large(opened.width, opened.height, in_memory=True)
            picture = ImageOps.exif_transpose(opened).convert("L")
    else:
        preview = context.rendition_file("preview")
        if preview is None:
            raise StepError(StepEnd("skipped", "no-picture", "There is no picture of this file to read words from."))
        with Image.open(preview, formats=["WEBP"]) as opened:
            picture = opened.convert("L")
    return text_pages.Page(1, _recognise(picture, context, timeout_s=_BUDGET_S))


def _read_pdf(context: StepContext) -> list[text_pages.Page]:
    give_up_at = time.monotonic() + _BUDGET_S
    document = pdf.open_document(context)
    pages: list[text_pages.Page] = []
    try:
        for index in range(min(len(document), _PAGES_MAX)):
            picture = pdf.render_page(document, index, side_px=_SIDE_PX).convert("L")
            text = _recognise(picture, context, timeout_s=give_up_at - time.monotonic())
            pages.append(text_pages.Page(index + 1, text))
    except _TooSlowError as error:
        if not pages:
            raise StepError(error.end) from error
    finally:
        page_count = len(document)
        document.close()
    if len(pages) < page_count:
        context.properties["text_truncated"] = True
    return pages


class _TooSlowError(StepError):
    """The time for reading pictures is used up; pages read before are kept."""


def _recognise(picture: Any, context: StepContext, *, timeout_s: float) -> str:
    source = context.work_dir / _PICTURE_FILE
    picture.save(source, "PNG", compress_level=1)
    arguments = ["tesseract", _PICTURE_FILE, "stdout", "--psm", "3", "-l", context.options.ocr_languages]
    try:
        status, output, _ = run_program(
            arguments, work_dir=context.work_dir, timeout_s=max(timeout_s, 0.1), environment=_ONE_THREAD
        )
    except subprocess.TimeoutExpired as error:
        detail = f"Reading words in the picture took longer than {_BUDGET_S:.0f} seconds."
        raise _TooSlowError(StepEnd("failed", "picture-text-failed", detail)) from error
    finally:
        source.unlink()
    if status != 0:
        detail = "The program tesseract could not read the picture."
        raise StepError(StepEnd("failed", "picture-text-failed", detail))
    return text_pages.clean(output.decode("utf-8", "replace"))
