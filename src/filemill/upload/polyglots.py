"""Files that are two things at once: head and tail are compared, and each is asked for what the other kind would need.

Cheap on purpose: some KiB of each end, seen while the bytes pass. What hides in the middle is the scanner's. A finding is told
with the file (`warnings`) and, by setting, refused; a name that says another kind than the bytes is told only.
"""

import mimetypes
import struct
from pathlib import PurePosixPath

from filemill.contracts.upload import FileWarning
from filemill.upload.sniff import UNKNOWN

HEAD_SEEN_BYTES = 8 * 1024
TAIL_BYTES = 22 + 65_535
"""As far from its end as the end record of a zip archive can begin (APPNOTE.TXT, 4.3.16)."""

_BINARY = ("image", "audio", "video", "font")
_SAID = ("image", "film", "application/pdf")
_AMBIGUOUS = frozenset({"video/mp2t"})
"""`.ts` is TypeScript as well."""
_MARKUP = (b"<script", b"<html", b"<!doctype html", b"<iframe", b"<svg", b"<?php")
_ENDS = {"image/png": b"IEND\xaeB`\x82", "image/jpeg": b"\xff\xd9"}
_SIGNATURES = ((b"PK\x03\x04", "zip"), (b"Rar!\x1a\x07", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"%PDF-", "PDF"),
               (b"\x7fELF", "ELF"), (b"MZ", "executable"))  # fmt: skip
_LENGTH_AT = {"image/gif": 6, "image/jpeg": 4, "image/bmp": 2, "image/webp": 4, "audio/wav": 4, "video/x-msvideo": 4}
"""Where a number stands that may as well be the `/*` of a script."""


def find(head: bytes, tail: bytes, content_type: str, filename: str) -> list[FileWarning]:
    """What is odd about a file of this type with these first and last bytes (all of a small one in both)."""
    head = head[:HEAD_SEEN_BYTES]
    second = _archive_behind(head, tail) or _document_inside(head, tail, content_type)
    second = second or _script(head, tail, content_type) or _behind_the_end(tail, content_type)
    found = []
    if second:
        found.append(FileWarning(code="polyglot", detail=f"By its first bytes {content_type}, and also {second}."))
    if said := _other_name(content_type, filename):
        detail = f"The name says {said}, the content is {content_type}."
        found.append(FileWarning(code="name-mismatch", detail=detail))
    return found


def _archive_behind(head: bytes, tail: bytes) -> str | None:
    """The end record of a zip archive, whose comment ends where the file ends, and whose directory is there."""
    if head.startswith(b"PK"):
        return None
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return None
    size, _, comment = struct.unpack_from("<IIH", tail, at + 12)
    if at + 22 + comment != len(tail):
        return None
    in_view = size <= at
    return "a zip archive" if not in_view or size == 0 or tail.startswith(b"PK\x01\x02", at - size) else None


def _document_inside(head: bytes, tail: bytes, content_type: str) -> str | None:
    """A PDF may begin anywhere in the first KiB, for most of its readers."""
    if content_type == "application/pdf" or b"%PDF-" not in head[:1024]:
        return None
    return "a PDF" if b"startxref" in tail and b"%%EOF" in tail else None


def _script(head: bytes, tail: bytes, content_type: str) -> str | None:
    """Markup in the plain bytes of a picture or sound, or a length that begins a comment which ends before a script."""
    if content_type.partition("/")[0] not in _BINARY or content_type == "image/svg+xml":
        return None
    for window in (head.lower(), tail[-HEAD_SEEN_BYTES:].lower()):
        if mark := next((mark for mark in _MARKUP if mark in window), None):
            return f"a text with {mark.decode()}"
    at = _LENGTH_AT.get(content_type)
    if at is not None and head[at : at + 2] == b"/*" and (b"*/" in head or b"*/" in tail):
        return "a script"
    if content_type == "image/gif" and head[6:7] == b"=" and head[:64].isascii() and b"\x00" not in head[:64]:
        return "a script"
    return None


def _behind_the_end(tail: bytes, content_type: str) -> str | None:
    """A picture says where it ends. Cameras put small films and previews behind it, so only other kinds count."""
    end = _ENDS.get(content_type)
    at = tail.find(end) if end else -1
    while end and at >= 0:
        rest = tail[at + len(end) :].lstrip(b"\x00\r\n ")
        if name := next((name for magic, name in _SIGNATURES if rest.startswith(magic)), None):
            return f"{name} behind its end"
        at = tail.find(end, at + 1)
    return None


def _other_name(content_type: str, filename: str) -> str | None:
    """The type that the name says, where it is a picture, sound, film or PDF and the content is of another family."""
    said = mimetypes.guess_type(f"x{PurePosixPath(filename.lower()).suffix}", strict=True)[0] or UNKNOWN
    if said in _AMBIGUOUS:
        return None
    return said if _family(said) in _SAID and _family(said) != _family(content_type) else None


def _family(content_type: str) -> str:
    family = content_type.partition("/")[0]
    if family == "application":
        return content_type
    return "film" if family in ("audio", "video") else family  # one container serves for both
