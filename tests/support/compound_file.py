"""Writes OLE compound files (source: MS-CFB, version 3), for messages of Outlook that tests need. No library writes them."""

import struct
from dataclasses import dataclass, field
from typing import Any

SECTOR, SMALL, CUTOFF = 512, 64, 4096
END, FREE, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
Tree = dict[str, Any]  # name to bytes, or to a tree


def compound_file(tree: Tree) -> bytes:
    """A compound file with these streams and, as dictionaries, storages."""
    return _Writer().write(tree)


def outlook_message(subject: str, body: str, *attachments: tuple[str, bytes | None]) -> bytes:
    """A message of Outlook; an attachment without bytes is a message itself."""

    def text(value: str) -> bytes:
        return value.encode("utf-16-le")

    tree: Tree = {
        "__substg1.0_001A001F": text("IPM.Note"),
        "__substg1.0_0037001F": text(subject),
        "__substg1.0_1000001F": text(body),
        "__properties_version1.0": bytes(32),
        "__nameid_version1.0": {"__substg1.0_00020102": b"", "__substg1.0_00030102": b"", "__substg1.0_00040102": b""},
    }
    for number, (name, content) in enumerate(attachments):
        inner: Tree = {"__substg1.0_3707001F": text(name), "__properties_version1.0": bytes(8)}
        if content is None:
            inner["__substg1.0_3701000D"] = {"__substg1.0_0037001F": text(name), "__properties_version1.0": bytes(24)}
        else:
            inner["__substg1.0_37010102"] = content
        tree[f"__attach_version1.0_#{number:08X}"] = inner
    return compound_file(tree)


@dataclass
class _Entry:
    name: str
    kind: int
    right: int = NONE
    child: int = NONE
    start: int = END
    size: int = 0


@dataclass
class _Writer:
    entries: list[_Entry] = field(default_factory=list)
    sectors: list[bytes] = field(default_factory=list)
    chain: list[int] = field(default_factory=list)
    small: bytearray = field(default_factory=bytearray)
    small_chain: list[int] = field(default_factory=list)

    def write(self, tree: Tree) -> bytes:
        root = _Entry("Root Entry", 5)
        self.entries.append(root)
        root.child = self._storage(tree)
        root.start, root.size = self._stream(bytes(self.small)), len(self.small)
        table = b"".join(struct.pack("<I", one) for one in self.small_chain)
        small_fat = self._stream(table, FREE)
        small_fat_sectors = -(-len(table) // SECTOR)
        directory = self._stream(b"".join(map(self._packed, self.entries)))
        fat_sectors = 1
        while (len(self.chain) + fat_sectors) * 4 > fat_sectors * SECTOR:
            fat_sectors += 1
        fat = [*self.chain, *[FAT] * fat_sectors]
        fat += [FREE] * (fat_sectors * SECTOR // 4 - len(fat))
        where = [len(self.chain) + at for at in range(fat_sectors)]
        header = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16)
        header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
        header += struct.pack("<9I", 0, fat_sectors, directory, 0, CUTOFF, small_fat, small_fat_sectors, END, 0)
        header += struct.pack("<109I", *where, *[FREE] * (109 - len(where)))
        return header + b"".join(self.sectors) + struct.pack(f"<{len(fat)}I", *fat)

    def _storage(self, tree: Tree) -> int:
        """The children as a chain to the right: a tree nobody balanced, in the order the format wants."""
        before, first = None, NONE
        for name in sorted(tree, key=lambda one: (len(one), one.upper())):
            content = tree[name]
            entry = _Entry(name, 2 if isinstance(content, bytes) else 1)
            self.entries.append(entry)
            at = len(self.entries) - 1
            if isinstance(content, bytes):
                entry.size = len(content)
                entry.start = self._stream(content) if len(content) >= CUTOFF else self._small_stream(content)
            else:
                entry.child = self._storage(content)
            if before is None:
                first = at
            else:
                before.right = at
            before = entry
        return first

    def _stream(self, content: bytes, fill: int = 0) -> int:
        if not content:
            return END
        padding = (b"\xff" if fill == FREE else b"\0") * (-len(content) % SECTOR)
        content += padding
        start, count = len(self.sectors), len(content) // SECTOR
        self.sectors += [content[at * SECTOR : (at + 1) * SECTOR] for at in range(count)]
        self.chain += [*range(start + 1, start + count), END]
        return start

    def _small_stream(self, content: bytes) -> int:
        if not content:
            return END
        start, count = len(self.small_chain), -(-len(content) // SMALL)
        self.small += content + bytes(-len(content) % SMALL)
        self.small_chain += [*range(start + 1, start + count), END]
        return start

    @staticmethod
    def _packed(entry: _Entry) -> bytes:
        name = (entry.name + "\0").encode("utf-16-le")
        links = struct.pack("<BBIII", entry.kind, 1, NONE, entry.right, entry.child)
        return (
            name.ljust(64, b"\0")
            + struct.pack("<H", len(name))
            + links
            + bytes(36)
            + struct.pack("<IQ", entry.start, entry.size)
        )
