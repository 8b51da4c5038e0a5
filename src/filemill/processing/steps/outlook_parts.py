"""What a message of Outlook (`.msg`) carries besides its words: as mail_parts.py for mails of the internet.

The file is a compound file; each attachment is a storage of its own with a stream per property (source: MS-OXMSG 2.2.2 and
MS-OXPROPS for the numbers). A message within a message has no bytes of its own: it is named, and not taken out.
On failure: empty; a message that only its words can be read of is still read.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filemill.processing.steps.fitting import first_that_fit
from filemill.processing.steps.text_pages import clean

_FILE_MAX_BYTES = 100 << 20
_PARTS_MAX = 1000
_NAME_MAX_CHARACTERS = 200
_STORAGE = "__attach_version1.0_"
_DATA, _MESSAGE = "37010102", "3701000D"
_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME, _TYPE = "3707", "3704", "3001", "370E"
_UNICODE, _BYTES = "001F", "001E"
_ANY = "application/octet-stream"
_OUTLOOK = "application/vnd.ms-outlook"


def attachments(source: Path) -> list[dict[str, Any]]:
    """Return the attachments of a message in its order; one that is a message itself has neither size nor SHA-256."""
    try:
        return first_that_fit(_told(*one) for one in contents(source))
    except ValueError:
        return []


def contents(source: Path) -> Iterator[tuple[str, str, bytes | None]]:
    """Yield name, declared type and bytes of each attachment; None for a message within. Raises `ValueError` on no message."""
    import olefile

    if source.stat().st_size > _FILE_MAX_BYTES:
        raise ValueError("the message is too large to be taken apart")
    try:
        with olefile.OleFileIO(source) as message:
            yield from _carried(message)
    # A broken table of sectors shows itself as any of OSError, ValueError, IndexError, struct.error, RecursionError.
    except Exception as error:
        raise ValueError("the message cannot be read") from error


def _carried(message: Any) -> Iterator[tuple[str, str, bytes | None]]:
    streams: dict[str, dict[str, list[str]]] = {}
    for path in message.listdir(streams=True, storages=True):
        if len(path) == 2 and path[0].startswith(_STORAGE):
            number = path[1].removeprefix("__substg1.0_").upper()
            streams.setdefault(path[0], {})[number] = path
    left = os.fstat(message.fp.fileno()).st_size
    for storage in sorted(streams)[:_PARTS_MAX]:
        properties = streams[storage]
        left -= sum(message.get_size(path) for number, path in properties.items() if number != _MESSAGE)
        if left < 0:
            raise ValueError("its parts say that they are larger than the message")
        name = next(
            (told for at in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME) if (told := _text(message, properties, at))), ""
        )
        kind = _text(message, properties, _TYPE)
        if _DATA in properties:
            yield _named(name or "attachment"), kind[:100] or _ANY, _bytes(message, properties[_DATA])
        elif _MESSAGE in properties:
            yield _named(name or "message"), _OUTLOOK, None


def _text(message: Any, properties: dict[str, list[str]], number: str) -> str:
    if path := properties.get(number + _UNICODE):
        return _bytes(message, path).decode("utf-16-le", "replace").rstrip("\0")
    if path := properties.get(number + _BYTES):
        return _bytes(message, path).decode("cp1252", "replace").rstrip("\0")
    return ""


def _bytes(message: Any, path: list[str]) -> bytes:
    with message.openstream(path) as stream:
        content: bytes = stream.read()
    return content


def _named(name: str) -> str:
    return clean(name)[:_NAME_MAX_CHARACTERS]


def _told(name: str, kind: str, content: bytes | None) -> dict[str, Any]:
    if content is None:
        return {"name": name, "content_type": kind}
    return {
        "name": name,
        "content_type": kind,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
