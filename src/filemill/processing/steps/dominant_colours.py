"""Step: the few colours a picture is made of, from its smallest rendition.

On failure: `skipped` where there is no rendition to look at.
"""

from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import FORMATS
from filemill.processing.steps.results import DONE, StepEnd

NAME = "dominant_colours"
VERSION = 1

COLOURS_MAX = 5
# Pixels looked at per side: more changes the shares by less than a percent.
_SIDE_PX = 64
_SHARE_MIN = 0.02
_COLOURS_LOOKED_AT = 12
_SAME_COLOUR = 24  # difference of one channel, of 255


def run(context: StepContext) -> StepEnd:
    """Set `colours`: `[{"hex": "#rrggbb", "share": 0..1}]`, largest share first."""
    from PIL import Image

    smallest = context.rendition_file("thumbnail") or context.rendition_file("preview")
    if smallest is None:
        return StepEnd("skipped", "no-picture", "There is no picture of this file to take colours from.")
    with Image.open(smallest, formats=FORMATS) as opened:
        opened.thumbnail((_SIDE_PX, _SIDE_PX))
        picture = opened.convert("RGBA")
    backdrop = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(backdrop, picture).convert("RGB")
    reduced = flat.quantize(_COLOURS_LOOKED_AT, method=Image.Quantize.MEDIANCUT)
    palette = reduced.getpalette() or []
    counts = sorted(reduced.getcolors() or [], reverse=True)
    total = flat.width * flat.height
    found = [
        (bytes(palette[3 * index : 3 * index + 3]), count / total) for count, index in counts if isinstance(index, int)
    ]
    context.properties["colours"] = [
        {"hex": "#" + colour.hex(), "share": round(share, 3)} for colour, share in _merged(found) if share >= _SHARE_MIN
    ]
    return DONE


def _merged(colours: list[tuple[bytes, float]]) -> list[tuple[bytes, float]]:
    """Return the colours with those a person would call the same added to the larger one, largest first."""
    kept: list[tuple[bytes, float]] = []
    for colour, share in colours:
        for position, (other, other_share) in enumerate(kept):
            if max(abs(a - b) for a, b in zip(colour, other, strict=True)) < _SAME_COLOUR:
                kept[position] = (other, other_share + share)
                break
        else:
            kept.append((colour, share))
    return sorted(kept, key=lambda entry: entry[1], reverse=True)[:COLOURS_MAX]
