"""Step: what a picture's header says: size, format, frames, camera; refuses what is too large before anything is
decoded.

On failure: `rejected` with `too-many-pixels`, or `failed` with `unreadable-image`.
"""

from filemill.processing.steps import exif, pictures
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "image_probe"
VERSION = 2


def run(context: StepContext) -> StepEnd:
    """Set the picture's properties; `width_px` and `height_px` are those of the upright picture."""
    header, picture = pictures.read_header(context.source)
    with picture:
        pictures.refuse_large(
            header.width_px, header.height_px, in_memory=context.content_type not in pictures.STREAMED
        )
        found = exif.read(picture)
        has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    width_px, height_px = header.width_px, header.height_px
    # HEIF and AVIF turn the picture while decoding; their EXIF copy of the orientation is only for show. Of a TIFF Pillow tells
    # the size it has when turned.
    turns_itself = header.format in {"HEIF", "AVIF", "TIFF"}
    if found.get("orientation") in exif.TURNED and not turns_itself:
        width_px, height_px = height_px, width_px
    context.properties.update(
        {"width_px": width_px, "height_px": height_px, "format": header.format, "has_alpha": has_alpha, **found}
    )
    if header.frames > 1:
        context.properties["frames"] = header.frames
    return DONE
