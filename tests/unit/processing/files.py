"""Sample files made in memory, real and hostile."""

import io
import lzma
import random
import struct
import zipfile
import zlib
from email.message import EmailMessage
from typing import Any

import docx
from PIL import Image
from reportlab.pdfgen import canvas


def photo(width_px: int = 400, height_px: int = 300) -> Image.Image:
    """Return a picture whose left half is red and whose right half is noisy blue."""
    noise = random.Random(1).randbytes(width_px * height_px)
    picture = Image.merge("RGB", [Image.new("L", (width_px, height_px), level) for level in (10, 20, 0)])
    blue = Image.frombytes("L", (width_px, height_px), noise).point(lambda value: 200 + value // 8)
    picture.putalpha(255)
    picture = Image.merge("RGB", (*picture.split()[:2], blue))
    picture.paste((220, 20, 20), (0, 0, width_px // 2, height_px))
    return picture


def encode(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return a picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg_with_exif(orientation: int = 1) -> bytes:
    """Return a JPEG as a phone writes it: camera, time, place, orientation."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Acme", "Phone 3", orientation
    exif.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "W", 4: (13.0, 15.0, 36.0)})
    return encode(photo(), "JPEG", quality=90, exif=exif)


def png_header_only(width_px: int, height_px: int) -> bytes:
    """Return a PNG that claims a size it has no data for."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def pdf(*pages: str, password: str | None = None) -> bytes:
    """Return a PDF with one line of text per page."""
    buffer = io.BytesIO()
    document = canvas.Canvas(buffer, encrypt=password)
    document.setTitle("Quarterly report")
    for text in pages:
        document.drawString(72, 700, text)
        document.showPage()
    document.save()
    return buffer.getvalue()


def word(*paragraphs: str) -> bytes:
    """Return a docx."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.core_properties.title = "Minutes"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def scanned_word(*pages: Image.Image, kind: str = "PNG") -> bytes:
    """Return a docx of nothing but pictures."""
    document = docx.Document()
    for page in pages:
        document.add_picture(io.BytesIO(encode(page, kind)), width=docx.shared.Inches(6))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word_bomb(unpacked_mib: int = 80) -> bytes:
    """Return a docx whose one part unpacks to far more than its size."""
    buffer = io.BytesIO(word("x"))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/extra.xml", "w") as part:
        for _ in range(unpacked_mib):
            part.write(bytes(1 << 20))
    return buffer.getvalue()


def laughs(levels: int = 12) -> str:
    """Return the document type declaration of a billion laughs."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{entities}]>'


def structured_word() -> bytes:
    """Return a docx with a heading, a list and a table."""
    document = docx.Document()
    document.add_heading("Valves", level=1)
    # As Word writes it: the list's number on the paragraph itself.
    listed = document.add_paragraph("open slowly", style="List Bullet")._p.get_or_add_pPr().get_or_add_numPr()
    listed.get_or_add_ilvl().val, listed.get_or_add_numId().val = 0, 1
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, (("Size", "Price"), ("12 mm", "4.50")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    """Return an xlsx with these sheets, its words written in the cells themselves."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, sheets, strict=True)
    )
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}sheet.main+xml"/>'
        + "".join(f'<Override PartName="/xl/worksheets/s{n}.xml" ContentType="{kind}worksheet+xml"/>' for n in numbers)
        + "</Types>",
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/s{n}.xml"/>' for n in numbers)
        + "</Relationships>",
    }
    for number, rows in zip(numbers, sheets.values(), strict=True):
        cells = "".join(
            "<row>" + "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in row) + "</row>" for row in rows
        )
        parts[f"xl/worksheets/s{number}.xml"] = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    return zipped({name: text.encode() for name, text in parts.items()})


def presentation(slides: list[list[str]]) -> bytes:
    """Return a pptx whose slides have these paragraphs."""
    main = "http://schemas.openxmlformats.org/presentationml/2006/main"
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.presentationml."
    numbers = range(1, len(slides) + 1)
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in numbers)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/ppt/presentation.xml" ContentType="{kind}presentation.main+xml"/>'
        + "".join(f'<Override PartName="/ppt/slides/slide{n}.xml" ContentType="{kind}slide+xml"/>' for n in numbers)
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="ppt/presentation.xml"/></Relationships>',
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{main}" xmlns:r="{office}"><p:sldIdLst>{listed}</p:sldIdLst>'
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(f'<Relationship Id="r{n}" Type="{office}/slide" Target="slides/slide{n}.xml"/>' for n in numbers)
        + "</Relationships>",
    }
    for number, paragraphs in zip(numbers, slides, strict=True):
        words = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs) or "<a:p/>"
        parts[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld xmlns:p="{main}" xmlns:a="{drawing}"><p:cSld><p:spTree><p:sp><p:txBody>{words}</p:txBody></p:sp>'
            "</p:spTree></p:cSld></p:sld>"
        )
    return zipped({name: text.encode() for name, text in parts.items()})


def mail(*attachments: tuple[str, bytes]) -> bytes:
    """A mail with these attachments."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "Two things"
    message.set_content("See the attachments.")
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a ZIP of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def seven_zip(members: dict[str, bytes | None], *, packed: bool) -> bytes:
    """Return a 7z archive of these members (None: a folder), stored as they are; its header is packed or not."""

    def number(value: int) -> bytes:
        return bytes([value]) if value < 0x80 else bytes([0x80 | value >> 8, value & 0xFF])

    def bits(values: list[bool]) -> bytes:
        size = (len(values) + 7) // 8
        return sum(0x80 << 8 * (size - 1) >> at for at, value in enumerate(values) if value).to_bytes(size, "big")

    def part(kind: int, content: bytes) -> bytes:
        return bytes([kind]) + number(len(content)) + content

    contents = [content for content in members.values() if content]
    stored = b"".join(contents)
    header = b"\x01\x04\x06" + number(0) + number(1) + b"\x09" + number(len(stored)) + b"\x00"
    header += b"\x07\x0b\x01\x00\x01\x01\x00\x0c" + number(len(stored)) + b"\x00"
    header += (
        b"\x08\x0d"
        + number(len(contents))
        + b"\x09"
        + b"".join(number(len(one)) for one in contents[:-1])
        + b"\x00\x00"
    )
    header += b"\x05" + number(len(members)) + part(0x0E, bits([not content for content in members.values()]))
    header += part(0x0F, bits([content is not None for content in members.values() if not content]))
    header += part(0x11, b"\x00" + "".join(name + "\0" for name in members).encode("utf-16-le")) + b"\x00\x00"
    body = stored
    if packed:
        filters = [{"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2, "dict_size": 1 << 16}]
        small = lzma.compress(header, lzma.FORMAT_RAW, filters=filters)
        body += small
        coder = b"\x23\x03\x01\x01\x05" + struct.pack("<BI", 93, 1 << 16)
        coded = b"\x17\x06" + number(len(stored)) + b"\x01\x09" + number(len(small)) + b"\x00"
        header = coded + b"\x07\x0b\x01\x00\x01" + coder + b"\x0c" + number(len(header)) + b"\x00\x00"
    start = struct.pack("<QQI", len(body), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + body + header
