"""Opening pictures safely: which formats go to which library, and how large a picture may be before it is decoded.

libvips has no pixel limit of its own (a 437 kB PNG of 3.6 gigapixels kept it busy for 20 s) and Pillow would start
Ghostscript for EPS: so sizes come from the header first, and only the formats named here are opened at all.
Not for: making renditions. On failure: `StepError` with a reason a user understands.
"""

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filemill.processing.steps.results import StepEnd, StepError

# Loaders fuzzed upstream only; the variable must be set before the library starts.
os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")

# Scanned maps and 200 MP phone pictures fit; a larger picture is nearly always a bomb.
PIXELS_MAX = 250_000_000
# Decoders that need the whole picture in memory at once (about 10 bytes per pixel at their peak).
PIXELS_IN_MEMORY_MAX = 90_000_000

# libvips streams these; everything else goes through Pillow.
STREAMED = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff"})
# Pillow's names of what it may open; nothing that starts a program (EPS), nothing exotic.
_PILLOW_FORMATS = (
    "JPEG",
    "MPO",
    "PNG",
    "WEBP",
    "GIF",
    "TIFF",
    "BMP",
    "DIB",
    "PPM",
    "PSD",
    "ICO",
    "TGA",
    "JPEG2000",
    "AVIF",
    "HEIF",
)

TOO_MANY_PIXELS, UNREADABLE = "too-many-pixels", "unreadable-image"
_CUT_SHORT = (
    "truncated",
    "premature",
    "unexpected end",
    "end of file",
    "eof",
    "not enough data",
    "broken data stream",
    "read error",
    "unable to read",
    "too short",
)


@dataclass(frozen=True)
class Header:
    """What the header of a picture says, before a pixel is decoded; sizes as stored, not yet turned upright."""

    width_px: int
    height_px: int
    format: str
    frames: int


def read_header(source: Path) -> tuple[Header, Any]:
    """Return the header and Pillow's still undecoded picture; the caller closes it."""
    picture = open_with_pillow(source)
    return Header(picture.width, picture.height, picture.format or "", _frames(picture)), picture


def _frames(picture: Any) -> int:
    """How many pictures follow each other in it; one if its end is broken off: they are counted by walking through it."""
    if picture.format not in {"GIF", "WEBP", "PNG", "TIFF"}:
        return 1
    try:
        return int(getattr(picture, "n_frames", 1))
    except Exception:  # noqa: BLE001  plugins raise anything on damaged data; what can be shown of it, image_renditions says
        return 1


def open_with_pillow(source: Path) -> Any:
    """Return Pillow's picture with only its header read."""
    from PIL import Image, UnidentifiedImageError

    known = prepare_pillow()
    try:
        return Image.open(source, formats=known)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, RuntimeError) as error:
        raise unreadable(error, source) from error
    except Image.DecompressionBombError as error:  # a few plugins have a limit of their own
        raise StepError(StepEnd("rejected", TOO_MANY_PIXELS, "The picture is too large to open.")) from error


@functools.cache
def prepare_pillow() -> tuple[str, ...]:
    """Load Pillow's plugins once per process and return the formats we let it open, of those it has."""
    import pillow_heif
    from PIL import Image

    Image.init()
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # refuse_large decides, with a reason
    return tuple(name for name in _PILLOW_FORMATS if name in Image.OPEN)


def refuse_large(width_px: int, height_px: int, *, in_memory: bool) -> None:
    """Refuse a picture by the size its header claims."""
    limit = PIXELS_IN_MEMORY_MAX if in_memory else PIXELS_MAX
    if width_px * height_px > limit:
        detail = (
            f"The picture has {width_px} x {height_px} pixels ({width_px * height_px / 1e6:.0f} megapixels); "
            f"the limit for this kind is {limit // 1_000_000} megapixels."
        )
        raise StepError(StepEnd("rejected", TOO_MANY_PIXELS, detail))


def unreadable(error: BaseException, source: Path) -> StepError:
    """Return the reason a picture cannot be decoded, in words."""
    said = str(error).lower()
    if source.stat().st_size == 0:
        why = "the file is empty"
    elif any(words in said for words in _CUT_SHORT):
        why = "the file ends in the middle"
    else:
        why = "its data is damaged or of a kind we do not know"
    return StepError(StepEnd("failed", UNREADABLE, f"The picture could not be decoded: {why}."))
