"""What a message of Outlook (`.msg`) carries besides its words: as mail_parts.py for mails of the internet.

The file is a compound file; each attachment is a storage of its own with a stream per property (source: MS-OXMSG 2.2.2 and
MS-OXPROPS for the numbers). A message within a message is a storage with the same streams: it is written as a file of its own,
so its SHA-256 is that of what we wrote. On failure: empty; a message that only its words can be read of is still read.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filemill.processing.steps.compound_file import Tree, compound_file
from filemill.processing.steps.fitting import first_that_fit
from filemill.processing.steps.text_pages import clean

_FILE_MAX_BYTES = 100 << 20
_PARTS_MAX = 1000
_NAME_MAX_CHARACTERS = 200
_STORAGE = "__attach_version1.0_"
_PROPERTY = "__substg1.0_"
_PROPERTIES, _NAMES = "__properties_version1.0", "__nameid_version1.0"
_INNER_HEADER_BYTES = 24
# Messages within messages within messages: each is two steps further down.
_DEPTH_MAX = 40
_STREAM = 2  # olefile.STGTY_STREAM
_SUFFIX = ".msg"
_DATA, _MESSAGE = "37010102", "3701000D"
_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME, _TYPE = "3707", "3704", "3001", "370E"
_UNICODE, _BYTES = "001F", "001E"
_ANY = "application/octet-stream"
_OUTLOOK = "application/vnd.ms-outlook"


def attachments(source: Path) -> list[dict[str, Any]]:
    """Return the attachments of a message in its order."""
    try:
        return first_that_fit(_told(*one) for one in contents(source))
    except ValueError:
        return []


def contents(source: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, declared type and bytes of each attachment. Raises `ValueError` on no message."""
    import olefile

    if source.stat().st_size > _FILE_MAX_BYTES:
        raise ValueError("the message is too large to be taken apart")
    try:
        with olefile.OleFileIO(source) as message:
            yield from _carried(message)
    # A broken table of sectors shows itself as any of OSError, ValueError, IndexError, struct.error, RecursionError.
    except Exception as error:
        raise ValueError("the message cannot be read") from error


def _carried(message: Any) -> Iterator[tuple[str, str, bytes]]:
    streams: dict[str, dict[str, list[str]]] = {}
    within: dict[str, list[list[str]]] = {}
    for path in message.listdir(streams=True, storages=True):
        if path[0].startswith(_STORAGE) and len(path) > 1:
            number = path[1].removeprefix(_PROPERTY).upper()
            if len(path) == 2:
                streams.setdefault(path[0], {})[number] = path
            elif number == _MESSAGE and len(path) <= _DEPTH_MAX and message.get_type(path) == _STREAM:
                within.setdefault(path[0], []).append(path)
    left = os.fstat(message.fp.fileno()).st_size
    for storage in sorted(streams)[:_PARTS_MAX]:
        properties, inner = streams[storage], within.get(storage, [])
        own = [path for number, path in properties.items() if number != _MESSAGE]
        left -= sum(message.get_size(path) for path in (*own, *inner))
        if left < 0:
            raise ValueError("its parts say that they are larger than the message")
        name = next(
            (told for at in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME) if (told := _text(message, properties, at))), ""
        )
        kind = _text(message, properties, _TYPE)
        if _DATA in properties:
            yield _named(name or "attachment"), kind[:100] or _ANY, _bytes(message, properties[_DATA])
        elif _MESSAGE in properties:
            yield _named(name or "message") + _SUFFIX, _OUTLOOK, _message_within(message, inner)


def _message_within(message: Any, paths: list[list[str]]) -> bytes:
    """Return a message within as a file: as it is, but for a header of 8 more bytes, and with the outer one's named properties.

    Source: MS-OXMSG 2.4.1.1 and 2.4.1.2, 2.2.3.
    """
    tree: Tree = {}
    for path in paths:
        _put(tree, path[2:], _bytes(message, path))
    header = tree.get(_PROPERTIES, b"")
    if isinstance(header, bytes):
        tree[_PROPERTIES] = header[:_INNER_HEADER_BYTES] + bytes(8) + header[_INNER_HEADER_BYTES:]
    for path in message.listdir():
        if path[0] == _NAMES and len(path) == 2:
            _put(tree, path, _bytes(message, path))
    return compound_file(tree)


def _put(tree: Tree, path: list[str], content: bytes) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = content


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


def _told(name: str, kind: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "content_type": kind,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
