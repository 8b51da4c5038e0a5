"""Small films and songs, made by ffmpeg for the tests; each is made once."""

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

SUBTITLES = """1
00:00:00,500 --> 00:00:02,000
The <i>wooden</i> ship

2
00:00:02,000 --> 00:00:02,500
The wooden ship

3
00:00:03,000 --> 00:00:05,000
leaves the harbour
"""
_CHAPTERS = """;FFMETADATA1
title=Harbour film
[CHAPTER]
TIMEBASE=1/1
START=0
END=2
title=Arrival
[CHAPTER]
TIMEBASE=1/1
START=2
END=6
title=Leaving
"""


def make(suffix: str, *arguments: str, **files: str) -> bytes:
    """What ffmpeg writes; `{name}` in the arguments is a file with that text."""
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text)
        target = Path(folder) / f"made.{suffix}"
        command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", *arguments, "-y", str(target)]
        subprocess.run(command, check=True, timeout=60, cwd=folder)
        return target.read_bytes()


@cache
def film(suffix: str = "mp4", seconds: int = 6) -> bytes:
    """320x180, a tone, two chapters, English subtitles."""
    subtitles = "mov_text" if suffix == "mp4" else "srt"
    return make(
        suffix,
        *("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=10:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"),
        *("-i", "s.srt", "-i", "chapters.txt", "-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-c:s", subtitles),
        *("-metadata:s:s:0", "language=eng"),
        **{"s.srt": SUBTITLES, "chapters.txt": _CHAPTERS},
    )  # fmt: skip


@cache
def turned_film() -> bytes:
    """Left half red, right half blue, to be turned by 90 degrees as a phone writes it."""
    halves = "color=red:size=80x90:rate=10:duration=1[a];color=blue:size=80x90:rate=10:duration=1[b];[a][b]hstack"
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.mp4"
        plain.write_bytes(make("mp4", "-f", "lavfi", "-i", halves, "-c:v", "libx264", "-preset", "ultrafast"))
        return make("mp4", "-i", str(plain), "-c", "copy", "-metadata:s:v:0", "rotate=270")


@cache
def song(seconds: int = 3) -> bytes:
    """An MP3 with tags and a green cover."""
    return make(
        "mp3",
        *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"),
        *("-f", "lavfi", "-i", "color=0x20a040:size=200x200:duration=0.04"),
        *("-map", "0", "-map", "1", "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic"),
        *("-metadata", "title=Night song", "-metadata", "artist=The Mill"),
    )  # fmt: skip


@cache
def silence() -> bytes:
    """A FLAC of nothing."""
    return make("flac", "-f", "lavfi", "-i", "anullsrc=duration=1")
