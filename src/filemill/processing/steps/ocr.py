"""Which engine reads the words in pictures here: the program tesseract, or rapidocr, whose models come in its wheel.

`FILEMILL_OCR_ENGINE` chooses; `auto` takes tesseract where it is installed. The step, `filemill doctor`, `filemill plan` and
`/health` ask here, so that all say the same. Not for: reading (tesseract.py, rapid_ocr.py). Nothing here fails.
"""

from filemill.processing.steps import programs
from filemill.processing.steps.results import StepEnd, StepError

OFF = "off"
ENGINES = ("tesseract", "rapidocr")
"""In the order of preference."""

NEEDS_LANGUAGE = "needs-ocr-language"
_SWITCHED_OFF = StepEnd("skipped", "ocr-off", "Reading words in pictures is switched off (FILEMILL_OCR_ENGINE=off).")
_NEEDS_TESSERACT = StepEnd(
    "skipped",
    "needs-tesseract",
    "Reading words in pictures needs the program tesseract (apt install tesseract-ocr) or the extra `ocr` of filemill (pip "
    "install 'filemill[ocr]'); then process the file again.",
)


class TooSlowError(StepError):
    """The time for reading pictures is used up; pages read before are kept."""

    def __init__(self) -> None:
        detail = "Reading words in the picture took longer than the time there is for it."
        super().__init__(StepEnd("failed", "picture-text-failed", detail))


def in_force(setting: str) -> str | None:
    """Return the name of the engine that a setting means on this machine, `off`, or None: it is not installed."""
    if setting == OFF:
        return OFF
    wanted = ENGINES if setting == "auto" else (setting,)
    return next((name for name in wanted if programs.find(name) is not None), None)


def why_none(setting: str) -> StepEnd:
    """Return how the step ends where no engine is in force."""
    return _SWITCHED_OFF if setting == OFF else _NEEDS_TESSERACT


def describe(setting: str) -> str:
    """Return the engine in force and its version in a few words."""
    engine = in_force(setting)
    if engine is None:
        return f"none: {setting} is not installed" if setting in ENGINES else "none is installed"
    return engine if engine == OFF else f"{engine} {programs.version_number(engine)}".strip()
