"""Step: how loud a sound is, by EBU R 128: `loudness_lufs` (the whole of it), `loudness_range_lu`, `peak_dbfs` of `media`.

On failure: `skipped` with `no-sound` or `silent`; `failed` with `no-sound-decoded`.
"""

import re

from filemill.processing.steps import ffmpeg
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "loudness"
VERSION = 1
PROGRAMS = ("ffmpeg",)

_TIMEOUT_S = 15.0
_SILENT_LUFS = -70.0  # the gate of the standard: below, nothing counts
_NO_SOUND = StepEnd("skipped", "no-sound", "There is no sound in it.")
_SILENT = StepEnd("skipped", "silent", "The sound is silence.")
_UNDECODED = StepEnd("failed", "no-sound-decoded", "The sound could not be decoded to its end.")
_LINES = {
    "loudness_lufs": re.compile(r"^\s+I:\s+(-?\d+\.\d+) LUFS", re.MULTILINE),
    "loudness_range_lu": re.compile(r"^\s+LRA:\s+(-?\d+\.\d+) LU$", re.MULTILINE),
    "peak_dbfs": re.compile(r"^\s+Peak:\s+(-?\d+\.\d+) dBFS", re.MULTILINE),
}


def run(context: StepContext) -> StepEnd:
    """Measure the first sound."""
    if not ffmpeg.streams(context, "audio"):
        return _NO_SOUND
    options = ["-map", "0:a:0", "-af", "ebur128=framelog=verbose:peak=sample", "-f", "null", "-v", "info", "-"]
    status, said = ffmpeg.convert(context, options, timeout_s=_TIMEOUT_S)
    if status != 0:
        return _UNDECODED
    summary = said[said.rfind("Summary:") :]
    found = {name: float(match[1]) for name, line in _LINES.items() if (match := line.search(summary))}
    if found.get("loudness_lufs", _SILENT_LUFS) <= _SILENT_LUFS:
        return _SILENT
    context.properties["media"].update(found)
    return DONE
