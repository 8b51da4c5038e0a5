"""The optional programs some steps use when they are installed: which, what for, found or not, how to get them.

`filemill doctor` prints `inspect()`. Steps ask `find`. Not for: required libraries. On failure: a program that does
not tell its version is still found, without one.
"""

import shutil
import subprocess
from dataclasses import dataclass

_VERSION_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Program:
    """An optional program as we know it."""

    name: str
    used_for: str
    install_hint: str
    version_argument: str


@dataclass(frozen=True)
class ProgramStatus:
    """An optional program as it is on this machine."""

    name: str
    used_for: str
    found: bool
    version: str | None
    install_hint: str


OPTIONAL_PROGRAMS = (
    Program(
        name="ffprobe",
        used_for="length, codecs, chapters and tags of audio and video",
        install_hint="apt install ffmpeg (macOS: brew install ffmpeg)",
        version_argument="-version",
    ),
    Program(
        name="ffmpeg",
        used_for="posters, waveforms, subtitles, loudness and clips of audio and video",
        install_hint="apt install ffmpeg (macOS: brew install ffmpeg)",
        version_argument="-version",
    ),
    Program(
        name="tesseract",
        used_for="words in pictures and scanned documents",
        install_hint="apt install tesseract-ocr (macOS: brew install tesseract)",
        version_argument="--version",
    ),
)


def find(name: str) -> str | None:
    """Return the full path of a program on PATH, None when it is not installed."""
    return shutil.which(name)


def inspect() -> list[ProgramStatus]:
    """Return the state of every optional program; runs each found one once to ask its version."""
    return [
        ProgramStatus(
            program.name, program.used_for, find(program.name) is not None, _version(program), program.install_hint
        )
        for program in OPTIONAL_PROGRAMS
    ]


def _version(program: Program) -> str | None:
    path = find(program.name)
    if path is None:
        return None
    try:
        completed = subprocess.run(
            [path, program.version_argument], capture_output=True, timeout=_VERSION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (completed.stdout or completed.stderr).decode("utf-8", "replace").splitlines()
    return lines[0].strip()[:100] if lines else None
