"""What an installation sets for the steps: each field that a step reads is a part of the address of its results.

A step names the fields it reads in its `OPTIONS`; a step without that name reads none. Not for: one file's facts
(context.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """The defaults are what a fresh installation does."""

    ocr_languages: str = "eng"
    ocr_engine: str = "auto"
    picture_format: str = "webp"
    office_engine: str = "auto"
