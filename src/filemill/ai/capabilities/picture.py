"""What can be measured in a preview without knowing what it shows: size, main colours, flatness, grain.

For classes and descriptions. The preview was made by our own sandbox; it is opened all the same only in a sandboxed
child, and refused above `MAX_PIXELS` (read from its header). An unreadable preview raises `PictureError`.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageStat, UnidentifiedImageError

MAX_PIXELS = 32_000_000  # previews are about 2 megapixels; a decoded picture of this size takes 128 MB
_SAMPLE_PX = 96  # the longer side on which colours are counted
_PALETTE = 24
_PAPER = 225  # from here up all three colours are near white
_MIN_SHARE = 0.08  # a colour below this share of the picture is not named

# Hue limits in degrees, each with its name; dark orange is brown.
_HUES = ((15, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (195, "teal"), (258, "blue"), (290, "purple"))
_HUES_END = ((335, "pink"), (361, "red"))


class PictureError(Exception):
    """The preview cannot be looked at; the message is for people."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Measures of one preview. `flatness` is the share of the most common of 512 colours, `grain` (0 to 255) the mean
    difference of neighbouring samples, `paper` the share of near-white ones."""

    width_px: int
    height_px: int
    colours: tuple[str, ...]
    flatness: float
    grain: float
    paper: float


@contextmanager
def opened(preview: Path) -> Iterator[Image.Image]:
    """Open a preview; the pixel cap is checked before anything is decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the cap below is lower than Pillow's
        try:
            with Image.open(preview) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureError(f"The preview has more than {MAX_PIXELS} pixels.")
                yield image
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
            raise PictureError("The preview is not a readable picture.") from error


def measure(preview: Path) -> Picture:
    """Measure a preview on a small copy of it."""
    with opened(preview) as image:
        width, height = image.size
        small = image.convert("RGB")
    small.thumbnail((_SAMPLE_PX, _SAMPLE_PX), Image.Resampling.BOX)
    samples = small.width * small.height
    coarse = small.point([value & 0b1110_0000 for value in range(256)] * 3).getcolors(samples) or []
    red, green, blue = small.split()
    darkest = ImageChops.darker(red, ImageChops.darker(green, blue)).histogram()
    return Picture(
        width,
        height,
        _colours(small),
        flatness=max(count for count, _ in coarse) / samples,
        grain=_grain(small.convert("L")),
        paper=sum(darkest[_PAPER:]) / samples,
    )


def colour_name(red: int, green: int, blue: int) -> str:
    """Name a colour (0 to 255 each) with one everyday word."""
    high, low = max(red, green, blue), min(red, green, blue)
    spread = high - low
    if high < 45:
        return "black"
    if spread < 28 or spread < 0.14 * high:
        return "white" if high > 215 else "grey"
    if high == red:
        hue = 60 * ((green - blue) / spread % 6)
    elif high == green:
        hue = 60 * ((blue - red) / spread + 2)
    else:
        hue = 60 * ((red - green) / spread + 4)
    name = next(name for limit, name in (*_HUES, *_HUES_END) if hue < limit)
    return "brown" if name in {"orange", "red"} and high < 150 and hue > 8 and hue < 60 else name


def _colours(image: Image.Image) -> tuple[str, ...]:
    """Up to three colour names, the most common first."""
    palette = image.quantize(_PALETTE).convert("RGB").getcolors(_PALETTE) or []
    shares: dict[str, int] = {}
    for count, colour in palette:
        if isinstance(colour, tuple):
            name = colour_name(*colour[:3])
            shares[name] = shares.get(name, 0) + count
    total = sum(shares.values())
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return tuple(name for name, count in ranked if count >= _MIN_SHARE * total)[:3]


def _grain(grey: Image.Image) -> float:
    """Mean difference of horizontal neighbours: high in photos, low in drawings and empty pages."""
    width, height = grey.size
    if width < 2:
        return 0.0
    left, right = grey.crop((0, 0, width - 1, height)), grey.crop((1, 0, width, height))
    return ImageStat.Stat(ImageChops.difference(left, right)).mean[0]
