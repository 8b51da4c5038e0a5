"""A zip that is written while it is read: stored, never compressed again, its length known before its first byte.

The format is the standard library's (`zipfile` onto a stream that cannot seek, ZIP64 where it must be); here are names, the
length, and the pipe. A zip that is broken off has no directory at its end, so no program takes it for a whole one.
"""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

# APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16: the sizes of the fixed parts
_LOCAL, _CENTRAL, _END, _END_64 = 30, 46, 22, 56 + 20
_DESCRIPTOR, _DESCRIPTOR_64, _LOCAL_EXTRA_64 = 16, 24, 20
_COUNT_MOST = 0xFFFF
_FIRST_YEAR, _LAST_YEAR = 1980, 2107


@dataclass(frozen=True, slots=True)
class Member:
    """A file to be put in."""

    name: str
    size_bytes: int
    modified_at: datetime


def unique_names(names: Iterable[str]) -> list[str]:
    """Each name once, also where case does not count: the second `a.txt` is `a (2).txt`. No name leads out of a folder."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    found = []
    for raw in names:
        name = raw.replace("/", "_").replace("\\", "_").replace("\0", "_")
        name = name if name.strip(". ") else "unnamed"
        stem, dot, ending = name.rpartition(".") if name.rfind(".") > 0 else (name, "", "")
        one, number = name, counts.get(name.casefold(), 1)
        while one.casefold() in taken:
            number += 1
            one = f"{stem} ({number}){dot}{ending}"
        counts[name.casefold()] = number
        taken.add(one.casefold())
        found.append(one)
    return found


def length_of(members: Sequence[Member]) -> int:
    """How long the zip of these members will be."""
    limit = zipfile.ZIP64_LIMIT
    offset = directory = 0
    for one in members:
        name, large = len(one.name.encode("utf-8")), one.size_bytes > limit
        extra = 8 * (2 * large + (offset > limit))
        directory += _CENTRAL + name + (4 + extra if extra else 0)
        offset += _LOCAL + name + one.size_bytes
        offset += _LOCAL_EXTRA_64 + _DESCRIPTOR_64 if large else _DESCRIPTOR
    far = len(members) > _COUNT_MOST or offset > limit or directory > limit
    return offset + directory + (_END_64 if far else 0) + _END


class _Pipe:
    """What `zipfile` writes to: keeps the pieces until they are taken. It cannot seek, and says so by having no `tell`."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> list[bytes]:
        """What was written since."""
        pieces, self._pieces = self._pieces, []
        return pieces


class ZipStream:
    """Members in order: `begin`, `write`…, `end` each, then `finish`; each returns bytes to send. `abandon` in any state."""

    def __init__(self) -> None:
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_STORED)  # type: ignore[call-overload]  # it asks for `tell` itself
        self._member: IO[bytes] | None = None

    def begin(self, member: Member) -> list[bytes]:
        """The head of a member."""
        at = member.modified_at
        year = min(max(at.year, _FIRST_YEAR), _LAST_YEAR)
        info = zipfile.ZipInfo(member.name, (year, at.month, at.day, at.hour, at.minute, at.second))
        info.external_attr = 0o644 << 16
        large = member.size_bytes > zipfile.ZIP64_LIMIT
        self._member = self._zip.open(info, "w", force_zip64=large)
        return self._pipe.take()

    def write(self, data: bytes) -> list[bytes]:
        """Bytes of the member."""
        assert self._member is not None
        self._member.write(data)
        return self._pipe.take()

    def end(self) -> list[bytes]:
        """What stands behind a member."""
        assert self._member is not None
        self._member.close()
        self._member = None
        return self._pipe.take()

    def finish(self) -> list[bytes]:
        """The directory: only with it the zip is whole."""
        self._zip.close()
        return self._pipe.take()

    def abandon(self) -> None:
        """It goes no further; nothing of this is sent."""
        if self._member is not None:
            self._member.close()
        self._zip.close()
        self._pipe.take()
