"""The pictures in an office document that has no words of its own: perhaps it is a scan, and they are its pages.

Only of the formats that are ZIP files (2007 and later, OpenDocument). What is too small for a page (a logo, a bullet) and what
is no raster picture is passed over. On failure: a picture that cannot be read comes as None; a damaged document has none.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from filemill.processing.steps import pictures, zip_directory
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import StepError

# ECMA-376 leaves the names open, and every program uses these; OpenDocument 1.3 part 2, 3.
_PLACES = ("word/media/", "ppt/media/", "xl/media/", "Pictures/")
_KINDS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".gif", ".bmp", ".webp")
_MEMBERS_LOOKED_AT = 10_000
_MAX_BYTES = 64 << 20
# A page of A4 at 50 dpi; below that no letter of a text can be told from another.
_SIDE_MIN_PX = 400


def names(context: StepContext) -> list[str]:
    """The members that are pictures, in the order of their numbers, which is the order they were put in."""
    try:
        found = [member.name for member in islice(zip_directory.members(context.source), _MEMBERS_LOOKED_AT)]
    except (OSError, ValueError, zipfile.BadZipFile):
        return []
    wanted = [name for name in found if name.startswith(_PLACES) and name.lower().endswith(_KINDS)]
    return sorted(wanted, key=_by_number)


def drawn(context: StepContext, wanted: list[str], side_px: int) -> Iterator[Any]:
    """Each of these in grey, at most so large; None for one that cannot be read. Small ones are left out."""
    from PIL import ImageOps

    path = context.work_dir / "office-scan"
    for name in wanted:
        content = _content(context, name)
        if content is None:
            yield None
            continue
        path.write_bytes(content)
        try:
            with pictures.open_with_pillow(path) as opened:
                pictures.refuse_large(opened.width, opened.height, in_memory=True)
                if min(opened.width, opened.height) < _SIDE_MIN_PX:
                    continue
                picture = ImageOps.exif_transpose(opened).convert("L")
                picture.thumbnail((side_px, side_px))
        except StepError:
            picture = None
        except Exception:  # noqa: BLE001  decoders raise anything on damaged data
            picture = None
        finally:
            path.unlink()
        yield picture


def _content(context: StepContext, name: str) -> bytes | None:
    try:
        with zipfile.ZipFile(context.source) as archive, archive.open(name) as member:
            content = member.read(_MAX_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, KeyError, ValueError, EOFError, zlib.error):
        return None
    return content if 0 < len(content) <= _MAX_BYTES else None


def _by_number(name: str) -> list[tuple[int, str]]:
    """`image2` before `image10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
