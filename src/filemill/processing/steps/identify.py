"""Step: what the file really is, from all of its bytes.

libmagic on the whole file (its first 8 KiB alone get old Office wrong), a look into containers, and for text the text
itself. The name is the last witness and can only tell one kind of text from another. A disagreement with what was
declared is recorded.
On failure: an unreadable file raises StepError; an unknown one is `application/octet-stream`.
"""

import mimetypes
from pathlib import Path

from filemill.processing.steps import containers, text_kinds
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd

NAME = "identify"
VERSION = 3

_HEAD_BYTES = 64 * 1024
_UNKNOWN = "application/octet-stream"
_TARGA = "image/x-targa"

# libmagic's names that others do not use.
_SAME = {
    "image/x-ms-bmp": "image/bmp",
    "image/vnd.microsoft.icon": "image/x-icon",
    "audio/x-wav": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "text/xml": "application/xml",
    "application/x-gzip": "application/gzip",
    "application/x-zstd": "application/zstd",
    "application/x-ole-storage": "application/x-cfb",
    "application/CDFV2": "application/x-cfb",
    "application/x-zip-compressed": "application/zip",
    "image/x-tga": _TARGA,
    "image/x-portable-greymap": "image/x-portable-graymap",
    "application/vnd.ms-office": "application/x-cfb",
    "text/rtf": "application/rtf",
}
_ZIP_LIKE = (
    "application/zip",
    "application/vnd.openxmlformats",
    "application/vnd.oasis",
    "application/epub",
    "application/java-archive",
    _UNKNOWN,
)
# "Encrypted" is what libmagic calls an Office document behind a password.
_OLE_LIKE = ("application/x-cfb", "application/msword", "application/vnd.ms-", "application/encrypted", _UNKNOWN)
_TARGA_HEADER_BYTES = 18
_JPEG_2000_STREAM = b"\xff\x4f\xff\x51\0"  # without the box of a JP2 around it (ISO/IEC 15444-1, A.4)
_ICON = b"\0\0\1\0"
_ICON_ENTRY_BYTES = 16
_ISO_MEDIA = ("video/mp4", "video/x-m4v", "video/quicktime", "audio/mp4")


def run(context: StepContext) -> StepEnd:
    """Set `content_type` and the evidence for it."""
    from filemill.processing.steps.libmagic import detector  # heavy, and only the sandboxed child needs it

    said = detector().from_file(str(context.source))
    with context.source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    found = _SAME.get(said, said)
    witness = "libmagic"
    closer = _look_closer(found, head, context)
    if closer is not None and closer[1] != found:
        witness, found = closer
    context.content_type = found
    by_name = mimetypes.guess_type(context.filename)[0]
    context.type_evidence.update(
        {
            "libmagic": said,
            "decided_by": witness,
            "declared": context.declared_type or None,
            "by_name": by_name,
            "declared_agrees": _agree(context.declared_type, found) if context.declared_type else None,
        }
    )
    return DONE


def _look_closer(found: str, head: bytes, context: StepContext) -> tuple[str, str] | None:
    """Return who knows better and what, or None."""
    if head.startswith(b"PK") and found.startswith(_ZIP_LIKE):
        kind = containers.zip_type(context.source) or containers.cut_zip_type(head)
        return ("container", kind) if kind else None
    if found.startswith(_OLE_LIKE):
        kind = containers.ole_type(context.source)
        if kind:
            return "container", kind
    if found in _ISO_MEDIA and containers.has_only_sound(context.source):
        return "tracks", "audio/mp4"
    return _by_header(found, head, context.source) or _by_text(found, head, context.filename)


def _by_header(found: str, head: bytes, source: Path) -> tuple[str, str] | None:
    """What has a header that libmagic does not know, or knows too little of."""
    if found == "image/heif" and containers.says_avif(head):
        return "brands", "image/avif"
    if found in {_UNKNOWN, _TARGA} and _is_icon(source, head):
        return "header", "image/x-icon"
    if found == _UNKNOWN and head.startswith(_JPEG_2000_STREAM):
        return "header", "image/x-jp2-codestream"
    if found == _UNKNOWN and _is_transport_stream(head):
        return "packets", "video/mp2t"
    if found == _TARGA and not _is_targa(source, head):
        return "header", _UNKNOWN
    return None


def _by_text(found: str, head: bytes, filename: str) -> tuple[str, str] | None:
    if found == "text/html" and not text_kinds.is_html(head):
        named = text_kinds.by_name(filename) or ""
        # Never a kind that shows or runs more than a page.
        return ("name", named) if named.startswith("text/") else None
    if _may_be_text(found) and text_kinds.looks_like_text(head):
        kind = text_kinds.refine(head, filename)
        if kind:
            return "text", kind
        if found == _UNKNOWN:
            return "text", "text/plain"
    return None


def _may_be_text(found: str) -> bool:
    # HTML and RTF are well known by their start; the rest of text is where libmagic guesses.
    if found in {"text/html", "application/rtf"}:
        return False
    return found.startswith(
        ("text/", "message/", "application/json", "application/x-ndjson", "application/xml", "image/svg")
    ) or found in {_UNKNOWN, "application/javascript", "application/csv"}


def _is_transport_stream(head: bytes) -> bool:
    """Return whether packets of 188 bytes follow each other, after a time stamp of 4 bytes on a disc (ISO 13818-1, 2.4.3)."""
    return any(
        len(head) > 3 * size + first and all(head[first + size * number] == 0x47 for number in range(4))
        for size, first in ((188, 0), (192, 4))
    )


def _is_icon(source: Path, head: bytes) -> bool:
    """Return whether the first picture of an icon's list lies in the file; libmagic takes many icons for Targa."""
    count = int.from_bytes(head[4:6], "little")
    if not head.startswith(_ICON) or not count or head[9:10] != b"\0":
        return False
    size_bytes, at = int.from_bytes(head[14:18], "little"), int.from_bytes(head[18:22], "little")
    return at >= 6 + count * _ICON_ENTRY_BYTES and 0 < size_bytes <= source.stat().st_size - at


def _is_targa(source: Path, head: bytes) -> bool:
    """Return whether a Targa header makes sense: it has no magic number, and libmagic sees one in noise."""
    size_bytes = source.stat().st_size
    if size_bytes < _TARGA_HEADER_BYTES:
        return False
    kind, bits = head[2], head[16]
    width_px, height_px = int.from_bytes(head[12:14], "little"), int.from_bytes(head[14:16], "little")
    if head[1] > 1 or kind not in {1, 2, 3, 9, 10, 11} or bits not in {8, 15, 16, 24, 32} or not width_px * height_px:
        return False
    if kind in {1, 9} and not head[1]:
        return False  # says it has a palette, and that it has none
    return kind > 3 or size_bytes >= _TARGA_HEADER_BYTES + width_px * height_px * ((bits + 7) // 8)


def _agree(declared: str, found: str) -> bool:
    declared = _SAME.get(declared, declared).split(";")[0].strip().lower()
    if declared in {found, _UNKNOWN}:
        return True
    # Any text may be called plain text, and both spellings of XML and JavaScript are the same thing.
    return declared == "text/plain" and found.startswith(("text/", "application/json", "application/xml"))
