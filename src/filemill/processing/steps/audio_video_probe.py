"""Step: length, codecs and tags of audio and video; WAV with the standard library, the rest with ffprobe when
installed.

ffprobe may read the file and nothing else (`-protocol_whitelist file,pipe`): a playlist cannot make it fetch
anything, and the sandbox would refuse. On failure: `skipped` with `needs-ffmpeg`, or `unreadable-media`.
"""

import json
import subprocess
import wave
from typing import Any

from filemill.chassis.sandbox.programs import run_program
from filemill.processing.steps import programs, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "audio_video_probe"
VERSION = 1

_TIMEOUT_S = 20.0
_TAGS = ("title", "artist", "album", "date", "genre", "comment", "creation_time", "track")
_TAG_MAX_CHARACTERS = 500
_NEEDS_FFMPEG = StepEnd(
    "skipped",
    "needs-ffmpeg",
    "Length and codecs need the program ffprobe (apt install ffmpeg); then process the file again.",
)
_UNREADABLE = StepEnd("failed", "unreadable-media", "The audio or video could not be read: its data is damaged.")


def run(context: StepContext) -> StepEnd:
    """Set `media`: duration, bit rate and one line per stream."""
    if context.content_type == "audio/wav":
        found = _wav(context)
        if found:
            context.properties["media"] = found
            return DONE
    if programs.find("ffprobe") is None:
        return _NEEDS_FFMPEG
    context.properties["media"] = _with_ffprobe(context)
    return DONE


def _wav(context: StepContext) -> dict[str, Any] | None:
    try:
        with wave.open(str(context.source)) as sound:
            rate = sound.getframerate()
            duration_s = sound.getnframes() / rate if rate else 0.0
            stream = {"kind": "audio", "codec": "pcm", "channels": sound.getnchannels(), "sample_rate_hz": rate}
            return {"duration_s": round(duration_s, 3), "streams": [stream]}
    except (wave.Error, EOFError, OSError):
        return None  # a WAV with another codec inside: ffprobe knows those


def _with_ffprobe(context: StepContext) -> dict[str, Any]:
    arguments = ["ffprobe", "-v", "error", "-protocol_whitelist", "file,pipe", "-print_format", "json"]
    arguments += ["-show_format", "-show_streams", "-i", f"file:{context.source}"]
    try:
        status, output, _ = run_program(arguments, work_dir=context.work_dir, timeout_s=_TIMEOUT_S)
        raw = json.loads(output)
    except subprocess.TimeoutExpired as error:
        detail = f"The audio or video could not be read within {_TIMEOUT_S:.0f} seconds."
        raise StepError(StepEnd("failed", "unreadable-media", detail)) from error
    except (ValueError, RecursionError) as error:
        raise StepError(_UNREADABLE) from error
    if status != 0 or not raw.get("streams"):
        raise StepError(_UNREADABLE)
    container = raw.get("format", {})
    found: dict[str, Any] = {"streams": [_stream(stream) for stream in raw["streams"][:20]]}
    for name, ours in (("duration", "duration_s"), ("bit_rate", "bits_per_s")):
        value = _number(container.get(name))
        if value is not None:
            found[ours] = value
    tags = {str(key).lower(): text_pages.clean(str(value)) for key, value in container.get("tags", {}).items()}
    found["tags"] = {name: tags[name][:_TAG_MAX_CHARACTERS] for name in _TAGS if tags.get(name)}
    return found


def _stream(raw: dict[str, Any]) -> dict[str, Any]:
    wanted = {
        "kind": raw.get("codec_type"),
        "codec": raw.get("codec_name"),
        "width_px": raw.get("width"),
        "height_px": raw.get("height"),
        "channels": raw.get("channels"),
        "sample_rate_hz": _number(raw.get("sample_rate")),
        "frames_per_s": _rate(raw.get("avg_frame_rate")),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _number(value: Any) -> float | None:
    try:
        return round(float(value), 3)
    except (TypeError, ValueError):
        return None


def _rate(value: Any) -> float | None:
    above, _, below = str(value or "").partition("/")
    top, bottom = _number(above), _number(below or 1)
    return round(top / bottom, 3) if top and bottom else None
