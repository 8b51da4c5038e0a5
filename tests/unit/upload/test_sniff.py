"""What a file is by its first bytes: every family, and programs whatever they call themselves."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.upload.errors import ContentMismatch, TypeNotAllowed
from filemill.upload.rules import check_kind
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import HEAD_BYTES, UNKNOWN, sniff

OOXML = "application/vnd.openxmlformats-officedocument."


def zipped(*names: str, mimetype: bytes | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype is not None:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


def pe(at: int = 128, signature: bytes = b"PE\x00\x00") -> bytes:
    head = bytearray(b"MZ" + b"\x90\x00" + bytes(at))
    head[60:64] = struct.pack("<I", at)
    return bytes(head[:at]) + signature + bytes(64)


def dos() -> bytes:
    head = bytearray(b"MZ" + bytes(510))
    head[24:26] = struct.pack("<H", 0x1C)
    return bytes(head)


MACH_O = [bytes.fromhex(magic) + bytes(60) for magic in ("feedface", "feedfacf", "cefaedfe", "cffaedfe")]
FAT = bytes.fromhex("cafebabe") + struct.pack(">I", 2) + bytes(60)
JAVA_CLASS = bytes.fromhex("cafebabe") + struct.pack(">HH", 0, 61) + bytes(60)
ELF = b"\x7fELF\x02\x01\x01" + bytes(60)
PROGRAMS = {
    "elf": ELF, "pe": pe(), "ne": pe(signature=b"NE\x05\x01"), "dos": dos(), "fat": FAT,
    **{f"mach-o {number}": head for number, head in enumerate(MACH_O)},
}  # fmt: skip


@pytest.mark.parametrize(
    ("head", "name", "content_type"),
    [
        (b"\xff\xd8\xff\xe0", "a.png", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "a.jpg", "image/png"),
        (b"GIF89a", "a", "image/gif"),
        (b"II*\x00", "a", "image/tiff"),
        (b"MM\x00*", "a", "image/tiff"),
        (b"8BPS", "a", "image/vnd.adobe.photoshop"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a", "image/webp"),
        (b"\x00\x00\x00\x1cftypavif", "a", "image/avif"),
        (b"\x00\x00\x00\x1cftypheic", "a", "image/heic"),
        (b"BM" + bytes(4) + bytes(40), "a", "image/bmp"),
        (b"%PDF-1.7", "a.txt", "application/pdf"),
        (b"{\\rtf1", "a", "application/rtf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc", "application/msword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "application/vnd.ms-excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.msg", "application/vnd.ms-outlook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.zip", "application/x-ole-storage"),
        (zipped("a.txt"), "a.docx", "application/zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a", OOXML + "wordprocessingml.document"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a", OOXML + "spreadsheetml.sheet"),
        (zipped("[Content_Types].xml", "ppt/slides.xml"), "a", OOXML + "presentationml.presentation"),
        (zipped(mimetype=b"application/epub+zip"), "a", "application/epub+zip"),
        (zipped(mimetype=b"application/vnd.oasis.opendocument.text"), "a", "application/vnd.oasis.opendocument.text"),
        (b"\x1f\x8b\x08", "a.tar.gz", "application/gzip"),
        (b"7z\xbc\xaf\x27\x1c", "a", "application/x-7z-compressed"),
        (bytes(257) + b"ustar\x0000", "a", "application/x-tar"),
        (b"Rar!\x1a\x07\x01", "a", "application/vnd.rar"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a", "audio/wav"),
        (b"ID3\x04", "a", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "a.mp3", "audio/mpeg"),
        (b"fLaC", "a", "audio/flac"),
        (b"OggS", "a", "audio/ogg"),
        (b"\x00\x00\x00\x20ftypisom", "a", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  ", "a", "video/quicktime"),
        (b"\x1aE\xdf\xa3", "a", "video/x-matroska"),
        (b"hello\n", "a", "text/plain"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        (b"# Title\n", "a.md", "text/markdown"),
        (b"{}", "a.json", "application/json"),
        (b"<p>hi", "a.html", "text/html"),
        (b"From: a@b\n\n", "a.eml", "message/rfc822"),
        (b"\xff\xfeh\x00i\x00", "a.txt", "text/plain"),
        ("Grüße".encode("latin-1"), "a.txt", "text/plain"),
        (b"print('hi')\n", "evil.exe", "text/plain"),
        (b"\x00\x01\x02", "a.bin", UNKNOWN),
        (b"\x00\x01\x02", "a.html", UNKNOWN),
        (b"\x00\x01\x02", "a.txt", UNKNOWN),
        (JAVA_CLASS, "A.class", UNKNOWN),
        (b"MZ is how a text may begin, and this one is long enough to hold a header that is none. " * 3, "a.txt", "text/plain"),
        (b"MZ", "a.txt", "text/plain"),
        (b"", "a.txt", "text/plain"),
    ],
)  # fmt: skip
def test_sniff_when_the_head_is_known_then_content_decides_and_the_name_only_refines(
    head: bytes, name: str, content_type: str
) -> None:
    """A wrong name never makes a file something that it is not."""
    kind = sniff(head, name)
    assert (kind.content_type, kind.is_executable) == (content_type, False)


@pytest.mark.parametrize("head", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize(("name", "error"), [
    ("tool.exe", TypeNotAllowed), ("tool", TypeNotAllowed), ("LIB.SO", TypeNotAllowed), ("photo.jpg", ContentMismatch),
    ("invoice.pdf.docx", ContentMismatch), ("notes.txt", ContentMismatch), ("x.exe.png", ContentMismatch),
])  # fmt: skip
def test_check_kind_when_it_is_a_program_then_415_by_honest_name_and_422_in_disguise(
    head: bytes, name: str, error: type[Exception]
) -> None:
    """Native executables are refused, and a disguise is called one."""
    kind = sniff(head, name)
    assert kind.is_executable
    with pytest.raises(error):
        check_kind(kind, name, UploadSettings())


def test_sniff_when_the_programs_header_lies_beyond_what_is_looked_at_then_it_is_a_program_all_the_same() -> None:
    """A long stub in front of the real header is a known way to hide it."""
    assert sniff(pe(at=HEAD_BYTES + 4096)[:HEAD_BYTES], "photo.jpg").is_executable


@pytest.mark.parametrize(
    "declared",
    [
        b"application/x\r\nSet-Cookie: a=b", b"application/x\r\n\r\n<script>alert(1)</script>", b"application/\xff\xfe",
        b"application/", b"application/a b", b'application/x; name="y"', b"text/html", b"application/X\x00",
    ],
)  # fmt: skip
def test_sniff_when_a_zip_declares_a_type_that_is_none_then_it_is_a_zip(declared: bytes) -> None:
    """The declared type becomes a response header: a stranger must not write lines of it."""
    assert sniff(zipped(mimetype=declared), "a.epub").content_type == "application/zip"


@given(st.binary(max_size=400), st.text(max_size=20))
def test_sniff_when_it_is_anything_then_the_type_is_safe_in_a_header(head: bytes, name: str) -> None:
    """Whatever comes in, what comes out is a plain media type."""
    content_type = sniff(head, name).content_type
    major, slash, minor = content_type.partition("/")
    assert slash
    assert all(part and part.isascii() and part.replace(".", "").replace("+", "").replace("-", "").isalnum()
               for part in (major, minor))  # fmt: skip
