"""Step: the picture that stands for a video, or the cover that comes with audio: thumbnail and preview of it.

A frame near a tenth of the length, the most telling of some after it: the first ones are black, and credits. On failure:
`skipped` with `no-picture`; `failed` with `no-frame` when nothing of a video could be decoded.
"""

from filemill.processing.steps import ffmpeg
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.image_renditions import save_pillow
from filemill.processing.steps.results import DONE, StepEnd

NAME = "media_poster"
VERSION = 2
OPTIONS = ("picture_format",)
PROGRAMS = ("ffmpeg",)

_TIMEOUT_S = 10.0
_FILE = "poster.png"
# ffmpeg's `thumbnail` keeps so many frames in memory and takes the one nearest to their mean.
_FRAMES_LOOKED_AT = 24
_SIDE_PX = 1600
_NO_PICTURE = StepEnd("skipped", "no-picture", "It is sound without a cover picture.")
_NO_FRAME = StepEnd("failed", "no-frame", "No frame of the video could be decoded.")


def run(context: StepContext) -> StepEnd:
    """Make the renditions of pictures."""
    from PIL import Image

    media = context.properties.get("media") or {}
    covers = [at for at, one in enumerate(media.get("streams", [])) if one.get("cover")]
    if ffmpeg.streams(context, "video"):
        made = any(_frame(context, at_s) for at_s in dict.fromkeys((ffmpeg.duration_s(context) / 10, 0.0)))
    elif covers:
        made = _take(context, ["-map", f"0:{covers[0]}", "-frames:v", "1"], 0.0)
    else:
        return _NO_PICTURE
    if not made:
        return _NO_FRAME
    path = context.work_dir / _FILE
    with Image.open(path, formats=["PNG"]) as opened:
        save_pillow(context, opened.convert("RGB"))
    path.unlink()
    return DONE


def _frame(context: StepContext, at_s: float) -> bool:
    """Whether there is a frame from this moment on."""
    fit = f"scale='min({_SIDE_PX},iw*sar)':-2,setsar=1"
    return _take(context, ["-map", "0:V:0", "-vf", f"thumbnail={_FRAMES_LOOKED_AT},{fit}", "-frames:v", "1"], at_s)


def _take(context: StepContext, options: list[str], at_s: float) -> bool:
    ffmpeg.convert(context, [*options, "-f", "image2", "-c:v", "png", "-y", _FILE], timeout_s=_TIMEOUT_S, start_s=at_s)
    path = context.work_dir / _FILE
    return path.exists() and path.stat().st_size > 0
