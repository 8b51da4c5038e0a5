"""ffmpeg and ffprobe as the media steps use them: which containers they may open, how long they may take, what they say.

They read the file and nothing else: `-protocol_whitelist file,pipe` and a list of containers without playlists, so that no
input can name another; the sandbox would refuse in any case. Not for: what is made (the steps).
On failure: `StepError`: `needs-ffmpeg`, `too-slow` (then every later step of the file is skipped), `unreadable-media`.
"""

import subprocess
from collections.abc import Callable, Sequence

from filemill.chassis.sandbox.programs import run_program
from filemill.processing.steps import programs
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import StepEnd, StepError

# No playlist (hls, dash, concat, image2), no device, no network protocol that calls itself a format.
CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,h264,hevc,m4v,matroska,webm,mjpeg,mov,mp4,m4a,3gp,3g2,mj2,"
    "mp3,mpeg,mpegts,mpegvideo,mxf,nsv,ogg,oma,rm,tta,voc,w64,wav,wv,xwma"
)
_SAFE = ["-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS]
# Frames beyond this would not fit the memory of a run: 8K is 33 million.
_PIXELS_MAX = 40_000_000
_NEEDS_FFMPEG = StepEnd(
    "skipped",
    "needs-ffmpeg",
    "Audio and video need the programs ffmpeg and ffprobe (apt install ffmpeg); then process the file again.",
)
UNREADABLE = StepEnd("failed", "unreadable-media", "The audio or video could not be read: its data is damaged.")
_TOO_SLOW = StepEnd("skipped", "too-slow", "Reading this audio or video takes too long, so the rest was left out.")


def probe(context: StepContext, *questions: str, timeout_s: float) -> bytes:
    """What ffprobe answers, as JSON."""
    _need("ffprobe")
    arguments = ["ffprobe", *_SAFE, "-print_format", "json", *questions, "-i", f"file:{context.source}"]
    try:
        status, output, _ = run_program(arguments, work_dir=context.work_dir, timeout_s=timeout_s)
    except subprocess.TimeoutExpired as error:
        detail = f"The audio or video could not be read within {timeout_s:.0f} seconds."
        raise StepError(StepEnd("failed", "unreadable-media", detail)) from error
    if status != 0:
        raise StepError(UNREADABLE)
    return output


def convert(
    context: StepContext,
    outputs: Sequence[str],
    *,
    timeout_s: float,
    start_s: float = 0.0,
    key_frames: bool = False,
    on_output: Callable[[bytes], None] | None = None,
) -> tuple[int, str]:
    """Run ffmpeg on the file, from `start_s` on; return its status and what it said.

    `key_frames`: decode nothing else. Outputs are names in the work folder, with their options. Raises `StepError` when it
    is too slow. Damaged files give what they have, whatever the status: look for the output.
    """
    _need("ffmpeg")
    if context.properties.get("media_slow"):
        raise StepError(_TOO_SLOW)
    arguments = [
        "ffmpeg",
        "-nostdin",
        "-hide_banner",
        "-nostats",
        "-threads",
        "2",
        *_SAFE,
        "-max_pixels",
        str(_PIXELS_MAX),
    ]
    if start_s:
        arguments += ["-ss", f"{start_s:.3f}"]
    if key_frames:
        arguments += ["-skip_frame", "nokey"]
    arguments += ["-i", f"file:{context.source}", "-filter_threads", "1", *outputs]
    try:
        status, _, said = run_program(
            arguments, work_dir=context.work_dir, timeout_s=timeout_s, output_max_bytes=64 << 10, on_output=on_output
        )
    except subprocess.TimeoutExpired as error:
        context.properties["media_slow"] = True
        raise StepError(_TOO_SLOW) from error
    return status, said.decode("utf-8", "replace")


def streams(context: StepContext, kind: str) -> list[dict[str, object]]:
    """The streams of a kind that the probe found: `video`, `audio`, `subtitle`. Pictures that come with audio are no video."""
    media = context.properties.get("media") or {}
    return [one for one in media.get("streams", []) if one.get("kind") == kind and not one.get("cover")]


def duration_s(context: StepContext) -> float:
    """How long it lasts; 0 if nobody knows."""
    return float((context.properties.get("media") or {}).get("duration_s") or 0.0)


def _need(program: str) -> None:
    if programs.find(program) is None:
        raise StepError(_NEEDS_FFMPEG)
