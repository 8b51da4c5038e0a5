"""The directory of a ZIP, read member by member: a million of them cost a second and no memory.

Python's own reader builds an object for each member before it shows the first. Not for: reading what is packed. On
failure: BadZipFile where there is no directory or it breaks off.
"""

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile

# PKWARE's APPNOTE.TXT, 4.3.12 (member), 4.3.16 (end), 4.3.14 and 4.3.15 (the same for large archives).
_MEMBER = struct.Struct("<4s4xH10xIIHHH4xI4x")
_END = struct.Struct("<4s6xHIIH")
_LOCATOR = struct.Struct("<4s4xQ4x")
_END_64 = struct.Struct("<4s28xQQQ")
_COMMENT_MAX_BYTES = 1 << 16
_UNKNOWN_32 = 0xFFFFFFFF
_ENCRYPTED, _UTF_8 = 1, 1 << 11
_LARGE_SIZES = 1  # id of the extra field with 64-bit sizes
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A line of the directory; sizes are what the archive says."""

    name: str
    size_bytes: int
    packed_bytes: int
    encrypted: bool
    is_link: bool

    @property
    def is_folder(self) -> bool:
        """Whether it only names a folder."""
        return self.name.endswith("/")


def members(path: Path) -> Iterator[Member]:
    """Yield the members in the order of the directory; raises BadZipFile, also in the middle."""
    with path.open("rb") as file:
        at, size_bytes = _place(file, path.stat().st_size)
        file.seek(at)
        held, left = b"", size_bytes
        while left or held:
            if len(held) < _MEMBER.size + 3 * 0xFFFF and left:
                more = file.read(min(_READ_BYTES, left))
                if not more:
                    raise BadZipFile("the directory ends in the middle")
                held, left = held + more, left - len(more)
            used = 0
            while used < len(held) and (not left or len(held) - used >= _MEMBER.size + 3 * 0xFFFF):
                member, used = _member(held, used)
                yield member
            held = held[used:]


def _member(held: bytes, at: int) -> tuple[Member, int]:
    try:
        mark, flags, packed, size, names, extras, comments, attributes = _MEMBER.unpack_from(held, at)
    except struct.error as error:
        raise BadZipFile("the directory ends in the middle") from error
    if mark != b"PK\1\2":
        raise BadZipFile("the directory is damaged")
    at += _MEMBER.size
    name = held[at : at + names].decode("utf-8" if flags & _UTF_8 else "cp437", "replace")
    if size == _UNKNOWN_32 or packed == _UNKNOWN_32:
        size, packed = _large(held[at + names : at + names + extras], size, packed)
    return Member(
        name, size, packed, bool(flags & _ENCRYPTED), stat.S_ISLNK(attributes >> 16)
    ), at + names + extras + comments


def _large(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _LARGE_SIZES:
            values = [value for (value,) in struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])]
            if size == _UNKNOWN_32 and values:
                size = values.pop(0)
            if packed == _UNKNOWN_32 and values:
                packed = values.pop(0)
            break
        at += 4 + length
    return size, packed


def _place(file: BinaryIO, size_bytes: int) -> tuple[int, int]:
    """Return where the directory begins and how long it is; an archive may have something before it."""
    read_from = max(0, size_bytes - _COMMENT_MAX_BYTES - _END.size - _LOCATOR.size)
    file.seek(read_from)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise BadZipFile("there is no directory")
    _, _, length, _, _ = _END.unpack_from(tail, at)
    end = read_from + at
    if at >= _LOCATOR.size and tail[at - _LOCATOR.size : at].startswith(b"PK\6\7"):
        _, end_64 = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)
        file.seek(min(end_64, size_bytes))
        head = file.read(_END_64.size)
        if len(head) == _END_64.size and head.startswith(b"PK\6\6"):
            _, _, length, _ = _END_64.unpack(head)
            end = end_64
    if length > end:
        raise BadZipFile("the directory is longer than the file")
    return end - length, length
