"""Writes OLE compound files (source: MS-CFB, version 3): a message that was inside another one as a file of its own.

No library writes them. Not for: reading (olefile). All in memory, so the caller bounds what goes in. On failure: `ValueError`
for a name that no entry can have.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

SECTOR_BYTES, _SMALL_BYTES, _CUTOFF_BYTES = 512, 64, 4096
_END, _FREE, _FAT, _DIFAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_PER_SECTOR = SECTOR_BYTES // 4
# So many sectors of the table of sectors are named in the header; of more, each further sector names 127.
_IN_HEADER = 109
_NAME_MAX_CHARACTERS = 31

Tree = dict[str, Any]
"""A name to bytes, or to a tree."""


def compound_file(tree: Tree) -> bytes:
    """Return a compound file with these streams and, as dictionaries, storages."""
    return _Writer().write(tree)


@dataclass
class _Entry:
    name: str
    kind: int
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = _END
    size_bytes: int = 0


@dataclass
class _Writer:
    entries: list[_Entry] = field(default_factory=list)
    sectors: list[bytes] = field(default_factory=list)
    chain: list[int] = field(default_factory=list)
    small: bytearray = field(default_factory=bytearray)
    small_chain: list[int] = field(default_factory=list)

    def write(self, tree: Tree) -> bytes:
        root = _Entry("Root Entry", _ROOT)
        self.entries.append(root)
        root.child = self._storage(tree)
        root.start, root.size_bytes = self._stream(bytes(self.small)), len(self.small)
        table = struct.pack(f"<{len(self.small_chain)}I", *self.small_chain)
        small_fat = self._stream(table, fill=b"\xff")
        small_fat_sectors = -(-len(table) // SECTOR_BYTES)
        directory = self._stream(b"".join(map(_packed, self.entries)))
        fat, where, more = self._table()
        header = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16)
        header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
        header += struct.pack("<6I", 0, len(where), directory, 0, _CUTOFF_BYTES, small_fat)
        header += struct.pack("<3I", small_fat_sectors, len(self.chain) + len(where) if more else _END, len(more))
        named = where[:_IN_HEADER]
        header += struct.pack(f"<{_IN_HEADER}I", *named, *[_FREE] * (_IN_HEADER - len(named)))
        return header + b"".join([*self.sectors, fat, *more])

    def _table(self) -> tuple[bytes, list[int], list[bytes]]:
        """The table of sectors, which names its own as well; where its sectors are; the sectors that name the rest of them."""
        count = more = 0
        while (len(self.chain) + count + more) > count * _PER_SECTOR:
            count += 1
            more = max(0, -(-(count - _IN_HEADER) // (_PER_SECTOR - 1)))
        first = len(self.chain)
        where = list(range(first, first + count))
        table = [*self.chain, *[_FAT] * count, *[_DIFAT] * more]
        table += [_FREE] * (count * _PER_SECTOR - len(table))
        rest, pieces = where[_IN_HEADER:], []
        for number in range(more):
            piece = rest[number * (_PER_SECTOR - 1) : (number + 1) * (_PER_SECTOR - 1)]
            piece += [_FREE] * (_PER_SECTOR - 1 - len(piece))
            following = first + count + number + 1 if number + 1 < more else _END
            pieces.append(struct.pack(f"<{_PER_SECTOR}I", *piece, following))
        return struct.pack(f"<{len(table)}I", *table), where, pieces

    def _storage(self, tree: Tree) -> int:
        """Add the children, as a balanced tree in the order that the format wants; returns its top."""
        numbers = []
        for name in sorted(tree, key=lambda one: (len(one), one.upper())):
            content = tree[name]
            entry = _Entry(name, _STREAM if isinstance(content, bytes) else _STORAGE)
            numbers.append(len(self.entries))
            self.entries.append(entry)
            if isinstance(content, bytes):
                entry.size_bytes = len(content)
                entry.start = self._stream(content) if len(content) >= _CUTOFF_BYTES else self._small_stream(content)
            else:
                entry.child = self._storage(content)
        return self._balanced(numbers)

    def _balanced(self, numbers: list[int]) -> int:
        if not numbers:
            return _NONE
        middle = len(numbers) // 2
        top = self.entries[numbers[middle]]
        top.left, top.right = self._balanced(numbers[:middle]), self._balanced(numbers[middle + 1 :])
        return numbers[middle]

    def _stream(self, content: bytes, fill: bytes = b"\0") -> int:
        if not content:
            return _END
        content += fill * (-len(content) % SECTOR_BYTES)
        start, count = len(self.sectors), len(content) // SECTOR_BYTES
        self.sectors += [content[at * SECTOR_BYTES : (at + 1) * SECTOR_BYTES] for at in range(count)]
        self.chain += [*range(start + 1, start + count), _END]
        return start

    def _small_stream(self, content: bytes) -> int:
        if not content:
            return _END
        start, count = len(self.small_chain), -(-len(content) // _SMALL_BYTES)
        self.small += content + bytes(-len(content) % _SMALL_BYTES)
        self.small_chain += [*range(start + 1, start + count), _END]
        return start


def _packed(entry: _Entry) -> bytes:
    """An entry of the directory: 128 bytes."""
    if len(entry.name.encode("utf-16-le")) > _NAME_MAX_CHARACTERS * 2:
        raise ValueError("a name that is too long")
    name = (entry.name + "\0").encode("utf-16-le", "replace")
    links = struct.pack("<BBIII", entry.kind, 1, entry.left, entry.right, entry.child)
    place = struct.pack("<IQ", entry.start, entry.size_bytes)
    return name.ljust(64, b"\0") + struct.pack("<H", len(name)) + links + bytes(36) + place
