"""Step: frames of a whole video beside each other, the rendition `sheet`: what happens in it at one glance.

Each frame is sought on its own, so that a film costs no more than a clip. On failure: `skipped` with `no-video` or `too-short`;
`failed` with `no-frame`.
"""

from filemill.processing.steps import ffmpeg
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "preview_sheet"
VERSION = 1
PROGRAMS = ("ffmpeg",)

COLUMNS, ROWS = 4, 3
_TILE_PX = 320
_GAP_PX = 4
_TIMEOUT_S = 6.0
_SHORTEST_S = 4.0
# From here on the whole frames that players jump to are close enough to each moment, and much cheaper to decode.
_LONG_S = 120.0
_FILE = "tile.png"
_NO_VIDEO = StepEnd("skipped", "no-video", "There is no video in it.")
_TOO_SHORT = StepEnd("skipped", "too-short", "The video is too short for a sheet of frames.")
_NO_FRAME = StepEnd("failed", "no-frame", "No frame of the video could be decoded.")


def run(context: StepContext) -> StepEnd:
    """Make the sheet; where a frame cannot be decoded its place stays dark."""
    from PIL import Image

    if not ffmpeg.streams(context, "video"):
        return _NO_VIDEO
    length_s = ffmpeg.duration_s(context)
    if length_s < _SHORTEST_S:
        return _TOO_SHORT
    count = COLUMNS * ROWS
    sheet, tile_height_px = None, 0
    for number in range(count):
        context.tell(NAME, number / count)
        tile = _tile(context, length_s * (number + 0.5) / count, key_frames=length_s > _LONG_S)
        if tile is None:
            continue
        if sheet is None:
            tile_height_px = tile.height
            size = (COLUMNS * (_TILE_PX + _GAP_PX) + _GAP_PX, ROWS * (tile_height_px + _GAP_PX) + _GAP_PX)
            sheet = Image.new("RGB", size, (24, 24, 27))
        column, row = number % COLUMNS, number // COLUMNS
        place = (_GAP_PX + column * (_TILE_PX + _GAP_PX), _GAP_PX + row * (tile_height_px + _GAP_PX))
        sheet.paste(tile.resize((_TILE_PX, tile_height_px)), place)
    if sheet is None:
        return _NO_FRAME
    sheet.save(context.work_dir / "sheet.webp", "WEBP", quality=78, method=2)
    context.keep_rendition("sheet", "sheet.webp", "image/webp", *sheet.size)
    return DONE


def _tile(context: StepContext, at_s: float, *, key_frames: bool) -> "Image.Image | None":  # type: ignore[name-defined]  # noqa: F821
    from PIL import Image

    fit = f"scale={_TILE_PX}:-2:force_original_aspect_ratio=decrease,setsar=1"
    options = ["-map", "0:V:0", "-vf", fit, "-frames:v", "1", "-f", "image2", "-c:v", "png", "-y", _FILE]
    ffmpeg.convert(context, options, timeout_s=_TIMEOUT_S, start_s=at_s, key_frames=key_frames)
    path = context.work_dir / _FILE
    if not path.exists() or not path.stat().st_size:
        return None
    with Image.open(path, formats=["PNG"]) as opened:
        tile = opened.convert("RGB")
    path.unlink()
    return tile
