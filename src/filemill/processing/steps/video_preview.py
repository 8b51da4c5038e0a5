"""Step: the beginning of a video as every browser plays it: the rendition `clip`, MP4 (H.264, AAC), at most 480 lines.

The longest work there is, so it is the last step and tells how far it is. On failure: `skipped` with `no-video`;
`failed` with `no-frame`.
"""

import json
import re
from dataclasses import replace

from filemill.processing.steps import ffmpeg
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "video_preview"
VERSION = 1
PROGRAMS = ("ffmpeg",)

CLIP_S = 60.0
_TIMEOUT_S = 50.0
_FILE = "clip.mp4"
_SIDES = "scale='if(gt(iw*sar,ih),-2,min(480,iw))':'if(gt(iw*sar,ih),min(480,ih),-2)',setsar=1"
_EVEN = "pad='ceil(iw/2)*2':'ceil(ih/2)*2'"
_NO_VIDEO = StepEnd("skipped", "no-video", "There is no video in it.")
_NO_FRAME = StepEnd("failed", "no-frame", "No frame of the video could be decoded.")
_OUT_TIME = re.compile(rb"out_time_us=(\d+)")


def run(context: StepContext) -> StepEnd:
    """Make the clip."""
    if not ffmpeg.streams(context, "video"):
        return _NO_VIDEO
    clip_s = min(CLIP_S, ffmpeg.duration_s(context) or CLIP_S)

    def listen(output: bytes) -> None:
        if times := _OUT_TIME.findall(output[-4096:]):
            context.tell(NAME, int(times[-1]) / 1e6 / clip_s)

    options = ["-t", f"{clip_s:.3f}", "-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1", "-map_chapters", "-1"]
    options += [
        "-vf",
        f"{_SIDES},{_EVEN},fps='min(source_fps,30)',format=yuv420p",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
    ]
    options += ["-crf", "27", "-maxrate", "1500k", "-bufsize", "3000k", "-c:a", "aac", "-b:a", "96k", "-ac", "2"]
    options += ["-movflags", "+faststart", "-progress", "pipe:1", "-f", "mp4", "-y", _FILE]
    ffmpeg.convert(context, options, timeout_s=_TIMEOUT_S, on_output=listen)
    width_px, height_px = _size(context)
    if not width_px:
        return _NO_FRAME
    context.keep_rendition("clip", _FILE, "video/mp4", width_px, height_px)
    if ffmpeg.duration_s(context) > CLIP_S:
        context.properties["clip_s"] = CLIP_S
    return DONE


def _size(context: StepContext) -> tuple[int, int]:
    """Of the clip, in its file's own words; (0, 0) if there is no clip."""
    path = context.work_dir / _FILE
    if not path.exists() or not path.stat().st_size:
        return 0, 0
    made = replace(context, source=path)
    raw = json.loads(ffmpeg.probe(made, "-select_streams", "v:0", "-show_entries", "stream=width,height", timeout_s=5))
    found = (raw.get("streams") or [{}])[0]
    return int(found.get("width", 0)), int(found.get("height", 0))
