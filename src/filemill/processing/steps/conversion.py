"""Step: a picture in the size and format that somebody asks for; none is made unasked.

What is wanted is a rendition's name, `custom-320x200-cover.webp`: so the same wish is the same picture. Pictures are turned
upright, in sRGB, without metadata, and never enlarged. On failure: as image_renditions.
"""

import re
from dataclasses import dataclass
from typing import Any

from filemill.processing.steps import image_renditions
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "conversion"
VERSION = 1

PREFIX = "custom-"
SIDE_MAX_PX = 4096
FITS = ("inside", "cover")
SAVING: dict[str, dict[str, Any]] = {
    "webp": {"format": "WEBP", "quality": 82, "method": 2},
    "avif": {"format": "AVIF", "quality": 60, "speed": 8},
    "jpeg": {"format": "JPEG", "quality": 85, "progressive": True},
    "png": {"format": "PNG", "compress_level": 6},
}
"""Pillow's arguments for each format."""
FORMATS = tuple(SAVING)
_NAME = re.compile(rf"{PREFIX}([0-9]{{1,4}})x([0-9]{{1,4}})-({'|'.join(FITS)})\.({'|'.join(FORMATS)})")


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture within `width_px` x `height_px` (0: any), whole (`inside`) or cut to that shape from its middle (`cover`)."""

    width_px: int
    height_px: int
    fit: str
    format: str

    @property
    def name(self) -> str:
        """The rendition's name."""
        return f"{PREFIX}{self.width_px}x{self.height_px}-{self.fit}.{self.format}"

    @property
    def is_bound(self) -> bool:
        """Whether no side of what is made can be longer than those that were said, before it is cut."""
        return self.fit == "inside" and 0 not in (self.width_px, self.height_px)


def wish_in(rendition: str) -> Wish | None:
    """What a rendition's name asks for; None for another kind of name, and for a size nobody gets."""
    found = _NAME.fullmatch(rendition)
    if found is None:
        return None
    width_px, height_px = int(found[1]), int(found[2])
    if not 1 <= max(width_px, height_px) <= SIDE_MAX_PX:
        return None
    return Wish(width_px, height_px, found[3], found[4])


def run(context: StepContext) -> StepEnd:
    """Make the pictures that are asked for by name."""
    wishes = [wish for name in context.wanted_renditions if (wish := wish_in(name)) is not None]
    if not wishes:
        return StepEnd("skipped", "not-asked", "Other sizes and formats are made when they are asked for.")
    for wish in wishes:
        _make(context, wish)
    return DONE


def _make(context: StepContext, wish: Wish) -> None:
    side_px = max(wish.width_px, wish.height_px) if wish.is_bound else SIDE_MAX_PX
    picture = _fitted(image_renditions.upright(context, side_px), wish)
    if wish.format == "jpeg":
        picture = _on_white(picture)
    target = context.work_dir / wish.name
    picture.save(target, exif=b"", icc_profile=b"", **SAVING[wish.format])
    context.keep_rendition(wish.name, target.name, f"image/{wish.format}", *picture.size)


def _fitted(picture: Any, wish: Wish) -> Any:
    from PIL import Image, ImageOps

    width_px, height_px = wish.width_px or picture.width, wish.height_px or picture.height
    if wish.fit == "cover":
        shrink = min(1.0, picture.width / width_px, picture.height / height_px)  # the shape, of what there is
        size = (max(1, round(width_px * shrink)), max(1, round(height_px * shrink)))
        return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    picture.thumbnail((width_px, height_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def _on_white(picture: Any) -> Any:
    """What has no transparency shows white through."""
    from PIL import Image

    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground
