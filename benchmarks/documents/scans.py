"""A document as a scan: drawn on a page, turned a little, with noise, and read back by the step that reads pictures.

The words come from the real program tesseract through `processing.steps.image_text`, with the languages filemill has by
default. Fonts are those of Debian's `fonts-dejavu`; without one, or without tesseract, it raises `LookupError`.
"""

import random
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from documents.writing import Document
from filemill.processing.steps import image_text
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.text_pages import Page

FONTS = Path("/usr/share/fonts/truetype/dejavu")
FACES = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")
PAGE_PX = (1654, 2339)  # A4 at 200 dots an inch
MARGIN_PX = 120
WIDTH_CHARACTERS = 92  # of a line before it is broken
MOST_TURNED_DEGREES = 2.0
PAPER, INK = 246, 30


def scan(document: Document, seed: str) -> tuple[Document, tuple[Page, ...]]:
    """Return the document as it was read back, and its pages with the places of their lines."""
    picture = drawn(document.text, random.Random(f"{document.template.name} {seed}"))
    with tempfile.TemporaryDirectory() as folder:
        work_dir = Path(folder)
        source = work_dir / "scan.jpg"
        picture.save(source, "JPEG", quality=60)
        context = StepContext(source, work_dir, "scan.jpg", "image/jpeg", "image/jpeg")
        context.properties.update(width_px=picture.width, height_px=picture.height)
        end = image_text.run(context)
    if end.state not in {"done", "empty"}:
        raise LookupError(f"the scan could not be read: {end}")
    pages = tuple(context.pages)
    return replace(document, noise="scan", text="\n".join(page.text for page in pages)), pages


def drawn(text: str, dice: random.Random) -> Image.Image:
    """Draw a page in grey: ink on paper, blurred, speckled, turned by up to two degrees."""
    path = FONTS / dice.choice(FACES)
    if not path.is_file():
        raise LookupError(f"{path.name} is not installed (apt install fonts-dejavu)")
    size_px = dice.choice((24, 26, 28))
    page = Image.new("L", PAGE_PX, PAPER)
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype(str(path), size_px)
    narrow = ImageFont.truetype(str(path), 20)
    for number, line in enumerate(_broken(text)):
        y = MARGIN_PX + number * int(size_px * 1.45)
        fits = draw.textlength(line, font=font) <= PAGE_PX[0] - 2 * MARGIN_PX
        draw.text((MARGIN_PX, y), line, fill=INK, font=font if fits else narrow)
    turned = page.rotate(
        dice.uniform(-MOST_TURNED_DEGREES, MOST_TURNED_DEGREES), Image.Resampling.BICUBIC, fillcolor=PAPER
    )
    blurred = turned.filter(ImageFilter.GaussianBlur(dice.uniform(0.4, 0.9)))
    grain = Image.effect_noise(PAGE_PX, dice.uniform(10, 30))  # of no seed: the words are what counts
    return Image.blend(blurred, grain, 0.12)


def _broken(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        while len(line) > WIDTH_CHARACTERS:
            at = line.rfind(" ", 0, WIDTH_CHARACTERS)
            at = at if at > 0 else WIDTH_CHARACTERS
            lines.append(line[:at])
            line = line[at:].lstrip()
        lines.append(line)
    return lines
