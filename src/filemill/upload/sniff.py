"""What a file is, by its first bytes: enough to accept, refuse and label it. The exact type is found in processing.

Families only: pictures, documents, archives, media, text, native executables. A name never decides; it only refines what
the bytes leave open (which kind of text, which kind of zip).
"""

import mimetypes
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

HEAD_BYTES = 256 * 1024
"""How much of a file is looked at."""

UNKNOWN = "application/octet-stream"

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\x1aE\xdf\xa3", "video/x-matroska"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
)
_ISO_BRANDS: dict[bytes, str] = {
    b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif",
    b"msf1": "image/heif", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime", b"3gp4": "video/3gpp",
}  # fmt: skip
_ZIP_NAMES: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_DECLARED = re.compile(r"application/[a-z0-9][a-z0-9.+-]*")
_TEXT_TYPES: dict[str, str] = {
    ".md": "text/markdown", ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".json": "application/json",
    ".html": "text/html", ".htm": "text/html", ".xml": "application/xml", ".eml": "message/rfc822",
    ".svg": "image/svg+xml", ".yaml": "application/yaml", ".yml": "application/yaml", ".toml": "application/toml",
}  # fmt: skip
_OLE_TYPES: dict[str, str] = {
    ".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
}  # fmt: skip
_MACH_O = frozenset(bytes.fromhex(magic) for magic in ("feedface", "feedfacf", "cefaedfe", "cffaedfe"))
_EXECUTABLE_SUFFIXES = frozenset(
    {"", ".exe", ".dll", ".sys", ".com", ".scr", ".so", ".o", ".ko", ".bin", ".elf", ".dylib"}
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the first bytes say."""

    content_type: str
    is_executable: bool = False


def sniff(head: bytes, filename: str) -> Kind:
    """The kind of a file from its first bytes (at most `HEAD_BYTES`) and, where those leave it open, its name."""
    if executable := _executable(head):
        return Kind(executable, is_executable=True)
    suffix = PurePosixPath(filename.lower()).suffix
    for offset, magic, content_type in _SIGNATURES:
        if head.startswith(magic, offset):
            return Kind(_OLE_TYPES.get(suffix, content_type) if magic[:1] == b"\xd0" else content_type)
    container = _container(head, suffix)
    if container:
        return Kind(container)
    return Kind(_text_type(suffix) if _is_text(head) else _guess(suffix))


def disguised(filename: str) -> bool:
    """Whether a name claims to be something else than a program."""
    return PurePosixPath(filename.lower()).suffix not in _EXECUTABLE_SUFFIXES


def _executable(head: bytes) -> str | None:
    if head.startswith(b"\x7fELF"):
        return "application/x-executable"
    if head[:4] in _MACH_O or (head.startswith(b"\xca\xfe\xba\xbe") and int.from_bytes(head[4:8]) < 32):
        return "application/x-mach-binary"  # a Java class starts the same, but its version number is above 44
    if head.startswith(b"MZ") and len(head) >= 64:
        at = int.from_bytes(head[60:64], "little")
        if head[at : at + 4] == b"PE\x00\x00" or head[at : at + 2] in (b"NE", b"LE", b"LX") or _is_dos(head):
            return "application/vnd.microsoft.portable-executable"
        if at >= len(head) >= HEAD_BYTES and b"\x00" in head[:64]:  # the header is hidden behind a long stub
            return "application/vnd.microsoft.portable-executable"
    return None


def _is_dos(head: bytes) -> bool:
    """A plain DOS program: the relocation table lies where its header says, and the bytes are not text."""
    return 0x1C <= int.from_bytes(head[24:26], "little") <= 0x200 and b"\x00" in head[:64]


def _container(head: bytes, suffix: str) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return _zip_type(head)
    if head[4:8] == b"ftyp":
        return _ISO_BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head.startswith(b"BM") and len(head) > 26 and int.from_bytes(head[6:10], "little") == 0:
        return "image/bmp"
    if (
        len(head) > 3
        and head[0] == 0xFF
        and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6)
        and suffix in (".mp3", ".mp2", ".mpga")
    ):
        return "audio/mpeg"
    return None


def _zip_type(head: bytes) -> str:
    if head[30:38] == b"mimetype":
        length = int.from_bytes(head[22:26], "little")
        declared = head[38 : 38 + min(length, 100)].decode("ascii", "replace").strip()
        if _DECLARED.fullmatch(declared):  # it becomes a header of ours, and a stranger wrote it
            return declared
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        for name, content_type in _ZIP_NAMES:
            if name in head:
                return content_type
    return "application/zip"


def _is_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if b"\x00" in head:
        return False
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head[:4096])
    return controls == 0


def _text_type(suffix: str) -> str:
    if suffix in _TEXT_TYPES:
        return _TEXT_TYPES[suffix]
    guessed = mimetypes.guess_type(f"x{suffix}", strict=True)[0] or ""
    return guessed if guessed.startswith("text/") and guessed != "text/vnd.trolltech.linguist" else "text/plain"


def _guess(suffix: str) -> str:
    """Unknown bytes: the name may say what kind of picture or sound, but never that it is a text or a program."""
    guessed = mimetypes.guess_type(f"x{suffix}", strict=True)[0] or UNKNOWN
    return guessed if guessed.partition("/")[0] in ("image", "audio", "video", "font") else UNKNOWN
