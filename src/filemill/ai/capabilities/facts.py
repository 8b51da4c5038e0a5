"""Facts that processing measured, read from `Subject.properties` under the names it may use.

The names we ask for: `width_px`, `height_px`, `page_count`, `duration_s`, `camera_make`, `camera_model`, `taken_at`,
`title`, `subject`, `sheet_count`; EXIF may also be nested as `exif` with its standard tag names (`Make`, `Model`,
`DateTimeOriginal`), what ffprobe says as `media`, what is in an archive as `archive`.
What is missing or of another type is None: properties come from files, and files lie.
"""

import re

from filemill.ai.capabilities.subject import Subject

NESTED = ("exif", "media", "archive")
MAX_WORDS_CHARACTERS = 120  # of a title or a camera's name


def words(subject: Subject, *names: str) -> str | None:
    """Return the first of the named properties that is a text, on one line, or None."""
    for name in names:
        value = _found(subject, name)
        if isinstance(value, str):
            line = " ".join(value.replace("\x00", " ").split())[:MAX_WORDS_CHARACTERS]
            if line and line.isprintable():
                return line
    return None


def number(subject: Subject, *names: str) -> float | None:
    """Return the first of the named properties that is a number above zero, or None."""
    for name in names:
        value = _found(subject, name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    return None


def camera(subject: Subject) -> str | None:
    """Return "Make Model", the make said once."""
    make, model = words(subject, "camera_make", "Make"), words(subject, "camera_model", "Model")
    if make and model:
        return model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return model or make


def taken_on(subject: Subject) -> str | None:
    """Return the day a picture was taken as YYYY-MM-DD (EXIF writes colons)."""
    written = words(subject, "taken_at", "DateTimeOriginal", "DateTime")
    match = re.match(r"(\d{4})[:-](\d\d)[:-](\d\d)", written or "")
    return "-".join(match.groups()) if match and match[1] != "0000" else None


def dimensions(subject: Subject) -> tuple[int, int] | None:
    """Return (width, height) of a picture or video in pixels."""
    width, height = number(subject, "width_px", "width"), number(subject, "height_px", "height")
    return (int(width), int(height)) if width and height else None


def is_picture(subject: Subject) -> bool:
    """Whether the file itself is a picture (not a document with a preview)."""
    return subject.content_type.startswith("image/")


def _found(subject: Subject, name: str) -> object:
    if name in subject.properties:
        return subject.properties[name]
    for part in NESTED:
        held = subject.properties.get(part)
        if isinstance(held, dict) and name in held:
            return held[name]
    return None
