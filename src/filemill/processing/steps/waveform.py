"""Step: the picture of a sound: its loudness over time, as the PNG `waveform`, drawn on nothing.

On failure: `skipped` with `no-sound`; `failed` with `no-sound-decoded`.
"""

from filemill.processing.steps import ffmpeg
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "waveform"
VERSION = 1
PROGRAMS = ("ffmpeg",)

WIDTH_PX, HEIGHT_PX = 1200, 160
COLOUR = "#5b6ee1"
_TIMEOUT_S = 15.0
_FILE = "waveform.png"
_NO_SOUND = StepEnd("skipped", "no-sound", "There is no sound in it.")
_UNDECODED = StepEnd("failed", "no-sound-decoded", "The sound could not be decoded.")


def run(context: StepContext) -> StepEnd:
    """Draw the first sound, all channels as one."""
    if not ffmpeg.streams(context, "audio"):
        return _NO_SOUND
    draw = f"aformat=channel_layouts=mono,showwavespic=s={WIDTH_PX}x{HEIGHT_PX}:colors={COLOUR}:scale=cbrt:draw=full"
    options = ["-filter_complex", f"[0:a:0]{draw}[w]", "-map", "[w]", "-frames:v", "1", "-f", "image2", "-c:v", "png"]
    ffmpeg.convert(context, [*options, "-y", _FILE], timeout_s=_TIMEOUT_S)
    path = context.work_dir / _FILE
    if not path.exists() or not path.stat().st_size:
        return _UNDECODED
    context.keep_rendition("waveform", _FILE, "image/png", WIDTH_PX, HEIGHT_PX)
    return DONE
