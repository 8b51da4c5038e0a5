"""Step: a drawing (SVG) as a picture: drawn once, at the size of the preview, by resvg.

resvg runs no scripts, opens no addresses and expands `use` and entities within limits of its own; what those miss (a
drawing that grows without end) ends at the sandbox's walls, and the file's other steps go on. Files that it names are
not there for it.
On failure: `unreadable-drawing`, `too-large-to-draw`; `empty` where nothing is to be seen.
"""

import io
import re
from typing import Any

from filemill.processing.steps import image_renditions
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "vector_picture"
VERSION = 3
OPTIONS = ("picture_format",)

_SOURCE_MAX_BYTES = 16 << 20
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}encoding=["']([A-Za-z0-9._-]{1,40})["']""")
_ROOT = re.compile(r"<(?:[A-Za-z0-9_-]+:)?svg\b[^>]{0,100000}>", re.DOTALL)
_ATTRIBUTE = r"""\b{}\s*=\s*["']\s*([^"']{{0,200}})["']"""
# A side that is this much longer than the other leaves the other with less than a pixel.
_LONGEST_RATIO = 1000.0
_DPI = 96.0  # CSS 2.2, 4.3.2: the size of an inch
# What Linux systems come with; where none of them is installed, words of the drawing are not drawn.
_FONTS: dict[str, Any] = {"font_family": "DejaVu Sans", "sans_serif_family": "DejaVu Sans",
                          "serif_family": "DejaVu Serif", "monospace_family": "DejaVu Sans Mono"}  # fmt: skip
_PIXELS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96, "em": 16, "ex": 8}
_TOO_LARGE = StepEnd("unsupported", "too-large-to-draw", "The drawing is too large to be drawn.")
_DAMAGED = StepEnd("unsupported", "unreadable-drawing", "The drawing could not be drawn: it is damaged or has no size.")
_EMPTY = StepEnd("empty", "nothing-drawn", "There is nothing to be seen in the drawing.")


def run(context: StepContext) -> StepEnd:
    """Make the renditions of pictures, with what is transparent left so."""
    from PIL import Image

    if context.source.stat().st_size > _SOURCE_MAX_BYTES:
        return _TOO_LARGE
    text = _text(context.source.read_bytes())
    with Image.open(io.BytesIO(_draw(text)), formats=["PNG"]) as opened:
        picture = opened.convert("RGBA")
    if picture.getchannel("A").getextrema()[1] == 0:
        return _EMPTY
    image_renditions.save_pillow(context, picture)
    return DONE


def _draw(text: str) -> bytes:
    import resvg_py

    width, height = _size(text)
    side = image_renditions.SIDE_PX["preview"]
    wanted: dict[str, Any] = {"width": side} if width >= height else {"height": side}
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=text, dpi=_DPI, **_FONTS, **wanted))
    except ValueError as error:
        raise StepError(_DAMAGED) from error


def _text(content: bytes) -> str:
    """The markup as text: by its byte order mark, by what it declares, else UTF-8 (XML 1.0, F.1)."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(name, "replace")
    declared = _DECLARED.match(content.lstrip()[:400])
    try:
        return content.decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _size(text: str) -> tuple[float, float]:
    """Width and height in pixels; only their ratio matters. Raises `StepError` for one that cannot be drawn."""
    root = _ROOT.search(text)
    if root is None:
        raise StepError(_DAMAGED)
    box = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", _attribute(root[0], "viewBox"))][:4]
    sides = [_number(_attribute(root[0], name)) for name in ("width", "height")]
    width, height = [side or (box[at] if len(box) == 4 else None) for side, at in zip(sides, (2, 3), strict=True)]
    width, height = width or height or 1.0, height or width or 1.0
    if not 1 / _LONGEST_RATIO < width / height < _LONGEST_RATIO:
        raise StepError(_TOO_LARGE)
    return width, height


def _attribute(tag: str, name: str) -> str:
    found = re.search(_ATTRIBUTE.format(name), tag)
    return found[1] if found else ""


def _number(text: str) -> float | None:
    """A length; None for none, and for a share of something."""
    found = re.fullmatch(r"\+?(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]{0,2})", text.strip())
    unit = _PIXELS.get(found[2]) if found else None
    return float(found[1]) * unit or None if found and unit else None
