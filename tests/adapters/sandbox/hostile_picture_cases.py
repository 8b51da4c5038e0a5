"""What hostile pictures are made from: good ones of each kind, and the list they are put into."""

import io
from collections.abc import Callable
from functools import partial

from PIL import Image, ImageDraw

from . import hostile_cases
from .hostile_cases import Case

CASES: dict[str, Case] = {}
HUGE = 60_000
case = partial(hostile_cases.case, among=CASES)


def picture(width_px: int = 64, height_px: int = 48) -> Image.Image:
    """A picture with something in it."""
    made = Image.new("RGB", (width_px, height_px), (200, 220, 240))
    ImageDraw.Draw(made).ellipse((4, 4, width_px // 2, height_px // 2), fill=(180, 40, 20))
    return made


def saved(kind: str, made: Image.Image | None = None, **options: object) -> bytes:
    """A good picture of a kind."""
    buffer = io.BytesIO()
    (made or picture()).save(buffer, kind, **options)
    return buffer.getvalue()


GOOD: dict[str, Callable[[], bytes]] = {
    f"good.{suffix}": partial(saved, kind)
    for suffix, kind in {
        "png": "PNG", "jpg": "JPEG", "webp": "WEBP", "gif": "GIF", "tif": "TIFF", "bmp": "BMP", "ico": "ICO",
        "tga": "TGA", "ppm": "PPM", "jp2": "JPEG2000", "avif": "AVIF", "heic": "HEIF",
    }.items()
}  # fmt: skip
"""Pictures that can be read, one of each kind: what a fuzzer starts from."""
