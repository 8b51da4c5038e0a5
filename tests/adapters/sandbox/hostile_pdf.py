"""Small hostile PDF documents, each made by a few lines: circles, bombs, lies."""

import zlib

from .hostile_cases import CANARY, case


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
