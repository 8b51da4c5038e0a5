"""Keeps the list of levels of an FTS5 index short.

FTS5 has its segments on levels, and each `merge` that is to make one of all of them puts that above the highest. In SQLite
3.40 (Debian 12) that has no end, and from 2,000 levels on the table counts as damaged: it can be neither read nor dropped, and
a service that needs it does not start. Levels only order segments by age, so one without any can be left out: the list is
written anew without such, in SQLite's own form (the "structure record" of `fts5_index.c`, the same since 2015).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from filemill.chassis.database.database import Tx

MOST = 100
"""Where there are more, empty ones go. Newer SQLite makes no more than 64."""

_ROW = 10
_COOKIE_BYTES = 4
_IN_SEGMENT = 3
"""Its number, its first and its last page."""


class UnknownFormError(Exception):
    """It is written in another form than the one that is known here, and is not to be touched."""


@dataclass(frozen=True, slots=True)
class Level:
    """`merging`: how many of its segments are being merged. `segments`: each as it is written."""

    merging: int
    segments: tuple[tuple[int, ...], ...]


EMPTY = Level(0, ())


@dataclass(frozen=True, slots=True)
class Structure:
    """The newest segments are on the lowest level."""

    cookie: bytes
    written: int
    levels: tuple[Level, ...]

    def with_levels(self, levels: Sequence[Level]) -> bytes:
        """As SQLite writes it, with other levels."""
        numbers = [len(levels), sum(len(level.segments) for level in levels), self.written]
        for level in levels:
            numbers += [
                level.merging,
                len(level.segments),
                *(number for segment in level.segments for number in segment),
            ]
        return self.cookie + b"".join(map(_varint, numbers))


def tidied(tx: Tx) -> bool:
    """Leave out levels without segments, if there are too many; whether a merge is under way, as far as can be told.

    It mends an index that SQLite calls damaged by them, too. Only where the connection holds no list in its memory, which it
    would write over this one: when it uses the index for the first time, or right after a `merge`, which drops what it held.
    """
    if not tx.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'word_index_data'").first():
        return False
    block = tx.exec_driver_sql("SELECT block FROM word_index_data WHERE id = ?", (_ROW,)).scalar_one()
    try:
        structure = parsed(block)
    except UnknownFormError:
        return True
    if len(structure.levels) > MOST:
        shorter = structure.with_levels([level for level in structure.levels if level != EMPTY] or [EMPTY])
        tx.exec_driver_sql("UPDATE word_index_data SET block = ? WHERE id = ?", (shorter, _ROW))
    return any(level.merging for level in structure.levels)


def parsed(block: bytes) -> Structure:
    """What a list says. Raises `UnknownFormError`."""
    numbers = _numbers(block[_COOKIE_BYTES:])
    try:
        count, segments, written = (next(numbers) for _ in range(3))
        levels = []
        for _ in range(count):
            merging, size = next(numbers), next(numbers)
            found = tuple(tuple(next(numbers) for _ in range(_IN_SEGMENT)) for _ in range(size))
            levels.append(Level(merging, found))
    except (StopIteration, RuntimeError, ValueError) as error:
        raise UnknownFormError from error
    structure = Structure(block[:_COOKIE_BYTES], written, tuple(levels))
    if structure.with_levels(levels) != block or sum(len(level.segments) for level in levels) != segments:
        raise UnknownFormError
    return structure


def _numbers(data: bytes) -> Iterator[int]:
    """SQLite's varints: seven bits a byte, the highest first. (Of nine bytes the last would have eight; none is that large.)"""
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            yield value
            value = 0


def _varint(number: int) -> bytes:
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(number & 0x7F | 0x80)
    return bytes(reversed(found))
