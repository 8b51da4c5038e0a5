"""The small picture that office programs may keep in a document, as the document has it.

Whoever wrote the document put it there: it may show what the document was, or anything. Not for: pages drawn from what is
in the document (office_pages.py). On failure: None; nothing depends on it.
"""

import zipfile
import zlib
from itertools import islice
from typing import Any

from filemill.processing.steps import pictures, zip_directory
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import StepError

# ECMA-376 part 2 (a relationship, always with these names in practice), OpenDocument 1.3 part 2, 4.4.
NAMES = ("docProps/thumbnail.jpeg", "docProps/thumbnail.jpg", "docProps/thumbnail.png", "Thumbnails/thumbnail.png")
_MEMBERS_LOOKED_AT = 10_000
# Office writes 10 to 100 kB.
_MAX_BYTES = 2 << 20
_PIXELS_MAX = 4_000_000


def picture_in(context: StepContext) -> Any:
    """Return it as Pillow's RGB picture on white, None where there is none that can be shown."""
    content = _content(context)
    if content is None:
        return None
    path = context.work_dir / "office-thumbnail"
    path.write_bytes(content)
    try:
        with pictures.open_with_pillow(path) as opened:
            if opened.format not in {"JPEG", "PNG"} or not 0 < opened.width * opened.height <= _PIXELS_MAX:
                return None
            picture = _on_white(opened)
        # An empty page, as templates of some libraries have it, tells nothing.
        return None if all(low == high for low, high in picture.getextrema()) else picture
    except StepError:
        return None
    except Exception:  # noqa: BLE001  decoders raise anything on damaged data
        return None
    finally:
        path.unlink()


def _content(context: StepContext) -> bytes | None:
    try:
        names = {member.name for member in islice(zip_directory.members(context.source), _MEMBERS_LOOKED_AT)}
        name = next((name for name in NAMES if name in names), None)
        if name is None:
            return None
        with zipfile.ZipFile(context.source) as archive, archive.open(name) as member:
            content = member.read(_MAX_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, EOFError, zlib.error):
        return None  # no ZIP (a document of before 2007), or a damaged one
    return content if 0 < len(content) <= _MAX_BYTES else None


def _on_white(opened: Any) -> Any:
    from PIL import Image

    picture = opened.convert("RGBA")
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground
