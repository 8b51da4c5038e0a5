"""Every hostile document, and those of no larger family: mails, compound files, data, text, and what is not what it says.

Importing this registers the cases of all of them in `CASES`.
"""

import io
import struct
import tarfile

from . import hostile_archives as hostile_archives
from . import hostile_markup as hostile_markup
from . import hostile_office as hostile_office
from .hostile_cases import case, zipped
from .hostile_packages import body, docx_of, odt_with_a_billion_spaces
from .hostile_pdf import HELVETICA, one_page, stream


@case("a.eml")
def mail_in_mail_in_mail() -> bytes:
    head = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: again\r\nMIME-Version: 1.0\r\n"
    return (head + b"Content-Type: message/rfc822\r\n\r\n") * 2000 + head + b"\r\nthe last one\r\n"


@case("a.eml")
def mail_of_parts_in_parts() -> bytes:
    head = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))
    return head + parts + b"Content-Type: text/plain\r\n\r\nwords\r\n"


@case("a.eml")
def mail_with_a_header_of_megabytes() -> bytes:
    words = b" =?utf-8?q?=C3=A9?=" * 200_000
    return b"From: a@example.com\nTo: b@example.com\nSubject:" + words + b"\nDate: now\n\nwords\n"


def ole(*, next_sector: int) -> bytes:
    """Return an OLE file with an old Word stream; each sector's chain goes on at `next_sector`."""
    entry = "WordDocument".encode("utf-16-le").ljust(64, b"\0") + struct.pack(
        "<HBBIII", 26, 2, 1, -1 % 2**32, -1 % 2**32, -1 % 2**32
    )
    entry = entry.ljust(116, b"\0") + struct.pack("<IQ", 1, 1 << 30)
    root = "Root Entry".encode("utf-16-le").ljust(64, b"\0") + struct.pack(
        "<HBBIII", 22, 5, 1, -1 % 2**32, -1 % 2**32, 1
    )
    root = root.ljust(116, b"\0") + struct.pack("<IQ", 1, 1 << 30)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, next_sector, 1, next_sector, 1)
    head += struct.pack("<I", 0) + b"\xff" * 432
    table = struct.pack("<I", next_sector) * 128
    return head + table + (root + entry).ljust(512, b"\0") + bytes(4096)


@case("a.doc")
def doc_whose_sectors_go_in_a_circle() -> bytes:
    return ole(next_sector=1)


@case("a.msg")
def msg_whose_sectors_lead_out() -> bytes:
    return ole(next_sector=0x7FFFFFF0).replace(
        "WordDocument".encode("utf-16-le"), "__properties_version1.0".encode("utf-16-le")[:24]
    )


@case("a.json")
def json_nested_a_million_deep() -> bytes:
    return b"[" * 1_000_000 + b"1" + b"]" * 1_000_000


@case("a.csv")
def csv_with_quotes_that_never_close() -> bytes:
    return b"a,b,c\n" + b'1,"' * 500_000


@case("a.csv")
def csv_with_a_million_columns() -> bytes:
    return b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n1,2\n1,2\n"


@case("a.txt")
def text_of_blanks() -> bytes:
    return b"a" + b" " * 20_000_000 + b"b"


@case("a.txt")
def text_of_line_ends() -> bytes:
    return b"a" + b"\n " * 2_000_000 + b"b"


@case("a.pdf")
def a_program_called_pdf() -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 62, 1) + bytes(200)


@case("a.docx")
def a_pdf_called_docx() -> bytes:
    return one_page(b"")


@case("a.pdf")
def a_pdf_with_a_zip_behind_it() -> bytes:
    return one_page(b"") + zipped({"a.txt": b"words"})


@case("a.pdf")
def a_file_of_nothing() -> bytes:
    return b""


def good_documents() -> dict[str, bytes]:
    """Return a good document of each kind, by name, to be spoiled."""
    words = b"Some words of a document. " * 40
    page = stream(b"BT /F 12 Tf 10 100 Td (Some words) Tj ET")
    mail = b"From: a@example.com\nTo: b@example.com\nSubject: words\nMIME-Version: 1.0\n"
    parts = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n%s\n--b\n" % words
    attached = (
        b"Content-Type: text/csv; name=a.csv\nContent-Disposition: attachment; filename=a.csv\n\na,b\n1,2\n--b--\n"
    )
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        for number in range(20):
            archive.addfile(tarfile.TarInfo(f"folder/f{number}"))
    return {
        "a.pdf": one_page(b"/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>", page, HELVETICA),
        "a.docx": docx_of(body("Some words " * 100)),
        "a.odt": odt_with_a_billion_spaces(),
        "a.rtf": b"{\\rtf1\\ansi " + words + b"\\par}",
        "a.html": b"<!doctype html><html><body><h1>Words</h1><p>" + words + b"</p></body></html>",
        "a.xml": b'<?xml version="1.0"?><r><a b="c">' + words + b"</a></r>",
        "a.eml": mail + parts + attached,
        "a.csv": b"name,age\n" + b"Ann,3\n" * 50,
        "a.zip": zipped({f"f{number}.txt": words for number in range(10)}),
        "a.tar.gz": tar.getvalue(),
        "a.doc": ole(next_sector=0xFFFFFFFE),
    }
