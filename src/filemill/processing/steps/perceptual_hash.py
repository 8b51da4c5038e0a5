"""Step: a 64 bit fingerprint of how a picture looks, so that near-duplicates can be found.

The difference hash: the smallest rendition on white, grey, scaled to 9 x 8 pixels; each bit, row by row from the top
left and highest first, says whether a pixel is brighter than its right neighbour. Pictures a person calls the same differ
in a few bits; unrelated ones in about 32. Mirrored, turned or cropped copies are not found, and plain pictures all have
the hash 0. On failure: `skipped` where there is no rendition to look at.
"""

from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import FORMATS
from filemill.processing.steps.results import DONE, StepEnd

NAME = "perceptual_hash"
VERSION = 1

_SIDE_BITS = 8


def run(context: StepContext) -> StepEnd:
    """Set `perceptual_hash`: 16 hexadecimal digits."""
    from PIL import Image

    smallest = context.rendition_file("thumbnail") or context.rendition_file("preview")
    if smallest is None:
        return StepEnd("skipped", "no-picture", "There is no picture of this file to take a fingerprint of.")
    with Image.open(smallest, formats=FORMATS) as opened:
        picture = opened.convert("RGBA")
    backdrop = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    grey = Image.alpha_composite(backdrop, picture).convert("L")
    levels = grey.resize((_SIDE_BITS + 1, _SIDE_BITS), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(_SIDE_BITS):
        start = row * (_SIDE_BITS + 1)
        for column in range(start, start + _SIDE_BITS):
            bits = bits << 1 | (levels[column] > levels[column + 1])
    context.properties["perceptual_hash"] = f"{bits:016x}"
    return DONE
