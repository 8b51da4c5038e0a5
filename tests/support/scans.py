"""Pictures of pages with known words, as a scanner or a phone makes them."""

import io

from PIL import Image, ImageDraw, ImageFont


def page(*lines: str, size_px: int = 48) -> Image.Image:
    """A white page with lines of black words in its upper part."""
    picture = Image.new("L", (1000, 700), 255)
    font = ImageFont.load_default(size=size_px)
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((80, 60 + 90 * number), line, 0, font=font)
    return picture


def scanned_pdf(*pages: Image.Image) -> bytes:
    """A PDF of pictures, without a letter in it."""
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:])
    return buffer.getvalue()


def png(picture: Image.Image) -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
