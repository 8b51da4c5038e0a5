"""Step: length, codecs, chapters and tags of audio and video; WAV with the standard library, the rest with ffprobe.

On failure: `skipped` with `needs-ffmpeg`, or `unreadable-media`.
"""

import json
import wave
from typing import Any

from filemill.processing.steps import ffmpeg, text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "audio_video_probe"
VERSION = 2
PROGRAMS = ("ffprobe",)

_TIMEOUT_S = 10.0
_TAGS = ("title", "artist", "album_artist", "album", "track", "disc", "date", "genre", "composer", "publisher",
         "language", "comment", "description", "copyright", "creation_time")  # fmt: skip
_TAG_MAX_CHARACTERS = 500
_STREAMS_MAX = 20
_NO_LANGUAGE = "und"  # ISO 639-2: undetermined
_CHAPTERS_MAX = 200


def run(context: StepContext) -> StepEnd:
    """Set `media`: duration, bit rate, one line per stream, chapters, tags."""
    found = _wav(context) if context.content_type == "audio/wav" else None
    context.properties["media"] = found or _with_ffprobe(context)
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
    questions = ("-show_format", "-show_streams", "-show_chapters")
    try:
        raw = json.loads(ffmpeg.probe(context, *questions, timeout_s=_TIMEOUT_S))
    except (ValueError, RecursionError) as error:
        raise StepError(ffmpeg.UNREADABLE) from error
    if not raw.get("streams"):
        raise StepError(ffmpeg.UNREADABLE)
    container = raw.get("format", {})
    found: dict[str, Any] = {"streams": [_stream(stream) for stream in raw["streams"][:_STREAMS_MAX]]}
    for name, ours in (("duration", "duration_s"), ("bit_rate", "bits_per_s")):
        value = _number(container.get(name))
        if value is not None:
            found[ours] = value
    if chapters := [_chapter(one) for one in raw.get("chapters", [])[:_CHAPTERS_MAX]]:
        found["chapters"] = chapters
    # Ogg keeps the tags of a song with its stream, all others with the file.
    found["tags"] = _tags(*(stream.get("tags", {}) for stream in raw["streams"][:1]), container.get("tags", {}))
    return found


def _stream(raw: dict[str, Any]) -> dict[str, Any]:
    wanted = {
        "kind": raw.get("codec_type"),
        "codec": raw.get("codec_name"),
        "profile": raw.get("profile"),
        "width_px": raw.get("width"),
        "height_px": raw.get("height"),
        "rotation": _rotation(raw),
        "channels": raw.get("channels"),
        "sample_rate_hz": _number(raw.get("sample_rate")),
        "frames_per_s": _rate(raw.get("avg_frame_rate")),
        "language": _language(raw.get("tags", {})),
        # The picture on the record's sleeve is a video of one frame for ffprobe.
        "cover": True if raw.get("disposition", {}).get("attached_pic") else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _rotation(raw: dict[str, Any]) -> float | None:
    """Degrees that a player turns the picture by, clockwise."""
    turns = [_number(one.get("rotation")) for one in raw.get("side_data_list", [])]
    turned = next((turn for turn in turns if turn), None)
    return -turned % 360 if turned is not None else None


def _language(tags: dict[str, Any]) -> str | None:
    language = text_pages.clean(str(tags.get("language") or ""))[:20]
    return language if language and language != _NO_LANGUAGE else None


def _chapter(raw: dict[str, Any]) -> dict[str, Any]:
    title = text_pages.clean(str(raw.get("tags", {}).get("title") or ""))[:_TAG_MAX_CHARACTERS]
    return {"start_s": _number(raw.get("start_time")), "end_s": _number(raw.get("end_time")), "title": title}


def _tags(*groups: dict[str, Any]) -> dict[str, str]:
    """Those that people write; of the same name the later group's counts."""
    told = {str(name).lower(): text_pages.clean(str(value)) for group in groups for name, value in group.items()}
    return {name: told[name][:_TAG_MAX_CHARACTERS] for name in _TAGS if told.get(name) not in (None, "", _NO_LANGUAGE)}


def _number(value: Any) -> float | None:
    try:
        return round(float(value), 3)
    except (TypeError, ValueError):
        return None


def _rate(value: Any) -> float | None:
    above, _, below = str(value or "").partition("/")
    top, bottom = _number(above), _number(below or 1)
    return round(top / bottom, 3) if top and bottom else None
