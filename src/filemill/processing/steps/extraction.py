"""Asking kreuzberg for the words of a document, so that however it fails there is one error to catch.

Not for: choosing settings or judging the failure (document_text.py, document_markdown.py). On failure: `NotExtracted`.
"""

from pathlib import Path
from typing import Any


class NotExtracted(Exception):
    """The document could not be read; the text is what kreuzberg said."""


def extract(source: Path | bytes, kind: str, settings: Any) -> Any:
    """Return kreuzberg's result for a file, or for bytes, of a type as it calls it."""
    import kreuzberg

    try:
        if isinstance(source, bytes):
            return kreuzberg.extract_bytes_sync(source, mime_type=kind, config=settings)
        return kreuzberg.extract_file_sync(source, mime_type=kind, config=settings)
    # Its readers hand on what broke: a stream that does not unpack is an OSError.
    except (kreuzberg.KreuzbergError, OSError, ValueError, RuntimeError) as error:
        raise NotExtracted(str(error)) from error
    except BaseException as error:
        # A panic of its Rust code, which damaged tables of old Office cause, is no Exception and has no name to import.
        if type(error).__name__ != "PanicException":
            raise
        raise NotExtracted("its reader gave up") from error
