"""Looks inside two kinds of container, ZIP and OLE, whose real type libmagic often misses.

Only the directory is read, never a member's content beyond a few hundred bytes. On failure: None, "I do not know".
"""

import mmap
import zipfile
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from filemill.processing.steps import zip_directory

_MEMBER_READ_BYTES = 256
# More members than any document has; beyond them nothing is looked for.
_NAMES_MAX = 100_000
_HANDLER_KINDS_MAX = 16
_OLE_READ_BYTES = 64 << 20
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_OOXML = "application/vnd.openxmlformats-officedocument."
# A member every file of the kind has -> its type; first match wins.
_ZIP_MARKS = (
    ("word/document.xml", _OOXML + "wordprocessingml.document"),
    ("xl/workbook.xml", _OOXML + "spreadsheetml.sheet"),
    ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("ppt/presentation.xml", _OOXML + "presentationml.presentation"),
    ("META-INF/container.xml", "application/epub+zip"),
    ("AndroidManifest.xml", "application/vnd.android.package-archive"),
    ("META-INF/MANIFEST.MF", "application/java-archive"),
    ("doc.kml", "application/vnd.google-earth.kmz"),
)
# Stream names in the directory of an OLE file, as it stores them (UTF-16).
_OLE_MARKS = (
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("WordDocument", "application/msword"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("EncryptedPackage", "application/encrypted-ooxml"),
)

# Where an old document says that it is encrypted: stream, place, bytes, and what says so.
_OLE_SAYS: dict[str, tuple[str, int, int, Callable[[int], bool]]] = {
    "application/msword": ("WordDocument", 0x0A, 2, lambda flags: bool(flags & 0x0100)),
    "application/vnd.ms-powerpoint": ("Current User", 12, 4, lambda token: token == 0xF3D1C4DF),
}


def zip_type(path: Path) -> str | None:
    """Return the type of a ZIP by its members: office, e-book, package or plain; None when it cannot be opened."""
    try:
        names = {member.name for member in islice(zip_directory.members(path), _NAMES_MAX)}
        if "mimetype" in names and len(names) < _NAMES_MAX:  # ODF and EPUB say it themselves, in a first member
            with zipfile.ZipFile(path) as archive, archive.open("mimetype") as member:
                said = member.read(_MEMBER_READ_BYTES).decode("ascii", "replace").strip()
            if said.startswith("application/"):
                return said
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, EOFError, zlib.error):
        return None  # not a ZIP that can be read: another step says so in words
    return next((kind for mark, kind in _ZIP_MARKS if mark in names), "application/zip")


def cut_zip_type(head: bytes) -> str | None:
    """Return the type of a ZIP whose directory is gone, by the names of the members in its first bytes."""
    if not head.startswith(b"PK\x03\x04"):
        return None
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        for mark, kind in _ZIP_MARKS:
            if mark.partition("/")[0].encode() + b"/" in head:
                return kind
    return "application/zip"


def ole_type(path: Path) -> str | None:
    """Return the type of an OLE compound file (old Office, Outlook), None when it is none we know."""
    with path.open("rb") as file:
        content = file.read(_OLE_READ_BYTES)
    if not content.startswith(_OLE_MAGIC):
        return None
    # A directory entry holds the name padded to 64 bytes, so a name is followed by a zero character.
    return next((kind for mark, kind in _OLE_MARKS if (mark + "\0").encode("utf-16-le") in content), None)


def ole_needs_password(path: Path, kind: str) -> bool:
    """Return whether an old Word document or presentation says that its content is encrypted.

    Sources: MS-DOC 2.5.2 (fEncrypted of FibBase), MS-PPT 2.3.2 (headerToken of CurrentUserAtom).
    """
    if kind not in _OLE_SAYS:
        return False
    import olefile

    stream, at, length, encrypted = _OLE_SAYS[kind]
    try:
        with olefile.OleFileIO(path) as file, file.openstream(stream) as content:
            said = content.read(at + length)[at:]
    except Exception:  # noqa: BLE001  a broken table of sectors shows itself as almost anything; the reader says so in words
        return False
    return bool(encrypted(int.from_bytes(said, "little")))


def says_avif(head: bytes) -> bool:
    """Return whether the brands of a HEIF file have AVIF's among them; the first may be one for any kind (ISO/IEC 23008-12)."""
    size_bytes = int.from_bytes(head[:4], "big")
    brands = head[16 : min(size_bytes, len(head))]
    return head[4:8] == b"ftyp" and any(brands[at : at + 4] in {b"avif", b"avis"} for at in range(0, len(brands), 4))


def has_only_sound(path: Path) -> bool:
    """Return whether an MP4 has tracks of sound and none of pictures; its brand often does not say.

    Each track has a `hdlr` box: name, version, a reserved word, then the kind (ISO/IEC 14496-12, 8.4.3).
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        kinds: set[bytes] = set()
        at = content.find(b"hdlr")
        while at >= 0 and len(kinds) < _HANDLER_KINDS_MAX:
            kinds.add(content[at + 12 : at + 16])
            at = content.find(b"hdlr", at + 4)
    return b"soun" in kinds and b"vide" not in kinds


def unpacked_bytes(path: Path) -> tuple[int, int]:
    """Return how many members a ZIP says it has, counted up to a bound, and how large it says they are together."""
    sizes = [member.size_bytes for member in islice(zip_directory.members(path), _NAMES_MAX)]
    return len(sizes), sum(sizes)
