"""The optional programs and libraries some steps use when they are installed: what for, found or not, how to get them.

`filemill doctor` prints `inspect()`. Steps ask `find`. Not for: required libraries. On failure: a program that does
not tell its version is still found, without one.
"""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

_VERSION_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Program:
    """An optional program as we know it; `version_argument` None: a library of Python."""

    name: str
    used_for: str
    install_hint: str
    version_argument: str | None


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
    Program(
        name="rapidocr",
        used_for="words in pictures and scanned documents without tesseract",
        install_hint="pip install 'filemill[ocr]'; `make up` brings it",
        version_argument=None,
    ),
    Program(
        name="soffice",
        used_for="pictures of the pages of office documents (LibreOffice)",
        install_hint="apt install libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui",
        version_argument="--version",
    ),
)
_BY_NAME = {program.name: program for program in OPTIONAL_PROGRAMS}
_NUMBER = re.compile(r"\d+(?:\.\d+)+[\w.-]*")


def find(name: str) -> str | None:
    """Return the full path of a program on PATH, or of a library, None when it is not installed."""
    if _BY_NAME[name].version_argument is not None:
        return shutil.which(name)
    spec = importlib.util.find_spec(name)  # looks for it; runs none of it
    return spec.origin if spec else None


def inspect() -> list[ProgramStatus]:
    """Return the state of every optional program; runs each found one once to ask its version."""
    return [
        ProgramStatus(
            program.name,
            program.used_for,
            find(program.name) is not None,
            _version_line(program),
            program.install_hint,
        )
        for program in OPTIONAL_PROGRAMS
    ]


def version_number(name: str) -> str:
    """Return the version alone, as it says it; nothing if it does not."""
    number = _NUMBER.search(_version_line(_BY_NAME[name]) or "")
    return number.group() if number else ""


def _version_line(program: Program) -> str | None:
    path = find(program.name)
    if path is None:
        return None
    if program.version_argument is None:
        return importlib.metadata.version(program.name)
    return _asked(path, program.version_argument)


@lru_cache(maxsize=16)
def _asked(path: str, argument: str) -> str | None:
    try:
        completed = subprocess.run([path, argument], capture_output=True, timeout=_VERSION_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (completed.stdout or completed.stderr).decode("utf-8", "replace").splitlines()
    return lines[0].strip()[:100] if lines else None
