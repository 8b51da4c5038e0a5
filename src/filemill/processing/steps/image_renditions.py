"""Step: thumbnail and preview of a picture: upright, sRGB, WebP or AVIF as set, without any metadata.

libvips for what it streams, Pillow for the rest. A file that ends in the middle gives the part that could be read and
the property `truncated`; only when nothing could be read it fails. On failure: `unreadable-image`, `too-many-pixels`.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from filemill.processing.steps import pictures
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "image_renditions"
VERSION = 4
OPTIONS = ("picture_format",)

PREVIEW, CARD, THUMBNAIL = "preview", "card", "thumbnail"
# Longest side in pixels: a full page on an ordinary screen; a card among others, made when asked for; a grid tile.
SIDE_PX = {PREVIEW: 1600, CARD: 640, THUMBNAIL: 256}
_QUALITY = {PREVIEW: 82, CARD: 80, THUMBNAIL: 80}
# Effort 0 to 6: the preview is 3 times as fast at 2 as at the default 4, and about 5 % larger.
_EFFORT = 2
FORMATS = ("WEBP", "AVIF")
"""Pillow's names of what renditions are written in."""
# As good to the eye as the qualities above, at two thirds of the size; speed 8 of 10 still takes ten times as long.
_AVIF = {"quality": 60, "speed": 8}
# Grey filled in by a decoder, with its rounding noise, stays below this (of 255).
_BLANK_DEVIATION = 2.0
_WHITE_16_BIT = 65_535


def run(context: StepContext) -> StepEnd:
    """Make the wanted renditions from one decoding."""
    if context.content_type not in pictures.STREAMED:
        _with_pillow(context)
        return DONE
    try:
        _with_vips(context)
    except StepError as error:
        if not _may_be_pillows(context, error):
            raise
        _with_pillow(context)
    return DONE


def _may_be_pillows(context: StepContext, error: StepError) -> bool:
    """Some kinds of TIFF only Pillow reads: Lab, 12 bits, the JPEG of TIFF 6.0, planes in tiles."""
    return context.content_type == "image/tiff" and error.end.code == pictures.UNREADABLE


def upright(context: StepContext, side_px: int) -> Any:
    """Return the picture as Pillow's, upright, sRGB, at most so large; what is missing of it is told in the properties."""
    from PIL import Image

    if context.content_type in pictures.STREAMED:
        try:
            _refuse_whole_in_memory(context)
            return _as_pillow(_upright_vips(context, side_px))
        except StepError as error:
            if not _may_be_pillows(context, error):
                raise
    picture = _upright_pillow(context)
    picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def _as_pillow(decoded: Any) -> Any:
    from PIL import Image

    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[decoded.bands]
    picture = Image.frombytes(mode, (decoded.width, decoded.height), decoded.cast("uchar").write_to_memory())
    return picture.convert("RGBA" if mode.endswith("A") else "RGB")


def save_pillow(context: StepContext, picture: Any) -> None:
    """Write the wanted renditions of an upright sRGB Pillow picture."""
    from PIL import Image

    wanted = [name for name in SIDE_PX if name in context.wanted_renditions]
    for name in wanted:
        side = SIDE_PX[name]
        if max(picture.size) > side:
            picture = picture.copy()
            picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
        kind = context.options.picture_format
        chosen = _AVIF if kind == "avif" else {"quality": _QUALITY[name], "method": _EFFORT}
        # Pillow hands on what it knows of the original unless told otherwise: exif and profile must go.
        picture.save(context.work_dir / f"{name}.{kind}", kind.upper(), exif=b"", xmp=b"", icc_profile=b"", **chosen)
        _record(context, name, *picture.size)


def _record(context: StepContext, name: str, width_px: int, height_px: int) -> None:
    kind = context.options.picture_format
    context.keep_rendition(name, f"{name}.{kind}", f"image/{kind}", width_px, height_px)


def _with_vips(context: StepContext) -> None:
    _refuse_whole_in_memory(context)
    wanted = [name for name in SIDE_PX if name in context.wanted_renditions]
    if not wanted:
        return
    picture = _upright_vips(context, SIDE_PX[wanted[0]])
    if context.options.picture_format == "avif":
        save_pillow(context, _as_pillow(picture))
        return
    for name in wanted:
        side = SIDE_PX[name]
        if max(picture.width, picture.height) > side:
            picture = picture.thumbnail_image(side, height=side, size="down").copy_memory()
        target = context.work_dir / f"{name}.webp"
        picture.webpsave(str(target), Q=_QUALITY[name], effort=_EFFORT, keep="none")
        _record(context, name, picture.width, picture.height)


def _upright_vips(context: StepContext, side_px: int) -> Any:
    """Return libvips' picture, or of a damaged one the part that can be read."""
    import pyvips

    try:
        return _decode(context, side_px, fail_on="truncated")
    except pyvips.Error as strict:
        try:
            picture = _decode(context, side_px, fail_on="none")
        except pyvips.Error as error:
            raise pictures.unreadable(error, context.source) from error
        if _is_blank(picture):  # the decoder filled in grey: nothing of the picture was there
            raise pictures.unreadable(strict, context.source) from strict
        context.properties["truncated"] = True
        return picture


def _decode(context: StepContext, side_px: int, *, fail_on: str) -> Any:
    import pyvips

    with _opened(context) as source:
        return pyvips.Image.thumbnail_source(
            source,
            side_px,
            height=side_px,
            size="down",
            output_profile="srgb",
            intent="perceptual",
            option_string=f"fail_on={fail_on}",  # the argument of that name is not handed to the loader of a source
        ).copy_memory()


@contextmanager
def _opened(context: StepContext) -> Iterator[Any]:
    """The file for libvips, which asks `access(2)` of a path first: that refuses a child of root with a uid of its own."""
    import pyvips

    with context.source.open("rb") as file:
        yield pyvips.Source.new_from_descriptor(file.fileno())


def _refuse_whole_in_memory(context: StepContext) -> None:
    """Refuse large pictures of kinds that cannot be streamed: interlaced PNG, progressive JPEG."""
    import pyvips

    try:
        with _opened(context) as source:
            header = pyvips.Image.new_from_source(source, "", access="sequential")
    except pyvips.Error as error:
        raise pictures.unreadable(error, context.source) from error
    fields = header.get_fields()
    whole = any(name in fields and header.get(name) for name in ("interlaced", "jpeg-multiscan"))
    pictures.refuse_large(header.width, header.height, in_memory=whole)


def _is_blank(picture: Any) -> bool:
    if picture.width * picture.height == 1:
        return True  # one pixel has no deviation: nothing tells it from what a decoder fills in
    return bool(picture.colourspace("b-w")[0].deviate() < _BLANK_DEVIATION)


def _with_pillow(context: StepContext) -> None:
    save_pillow(context, _upright_pillow(context))


def _upright_pillow(context: StepContext) -> Any:
    """Return Pillow's picture in sRGB, or of a damaged one the part that can be read."""
    from PIL import ImageFile, ImageOps

    with pictures.open_with_pillow(context.source) as picture:
        pictures.refuse_large(picture.width, picture.height, in_memory=True)
        try:
            picture.load()
        except Exception as error:  # noqa: BLE001  decoders of a dozen formats raise anything on damaged data
            damage = error
        else:
            return _to_srgb(ImageOps.exif_transpose(picture))
    with pictures.open_with_pillow(context.source) as picture:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            picture.load()
        except Exception as error:
            raise pictures.unreadable(error, context.source) from error
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        if not _has_content(picture):
            raise pictures.unreadable(damage, context.source) from damage
        context.properties["truncated"] = True
        return _to_srgb(ImageOps.exif_transpose(picture))


def _has_content(picture: Any) -> bool:
    # Lab cannot be turned into grey; its first channel is the lightness.
    extrema = (picture.getchannel(0) if picture.mode == "LAB" else picture.convert("L")).getextrema()
    return bool(extrema[0] != extrema[1])


def _to_srgb(picture: Any) -> Any:
    """Return the picture as RGB or RGBA in sRGB."""
    from PIL import ImageCms

    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            mode = "RGBA" if picture.mode == "RGBA" else "RGB"
            source_profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            picture = ImageCms.profileToProfile(
                picture, source_profile, ImageCms.createProfile("sRGB"), outputMode=mode
            )
        except ImageCms.PyCMSError:
            pass  # a broken profile: show the numbers as they are, as browsers do
    if picture.mode == "LAB":
        lab, screen = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(picture, lab, screen, outputMode="RGB")
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _scale_to_bytes(picture)
    return picture.convert("RGBA" if has_alpha else "RGB")


def _scale_to_bytes(picture: Any) -> Any:
    """Greys of more than 8 bits, which a plain conversion would clip to white."""
    greys = picture.convert("F")
    low, high = greys.getextrema()
    if picture.mode == "F" or high > _WHITE_16_BIT:  # nothing says what white is: what there is, from black to white
        factor, offset = (255 / (high - low), low) if high > low else (0.0, 0.0)
    else:
        factor, offset = 255 / _WHITE_16_BIT, 0.0
    return greys.point(lambda value: value * factor - offset * factor).convert("L")
