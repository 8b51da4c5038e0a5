"""Office documents: their words and structure as pages and Markdown; protected and broken ones end with a reason."""

from typing import Any

import pytest

from filemill.processing.steps.compound_file import compound_file

from .files import presentation, structured_word, word, word_bomb, workbook, zipped
from .told import step


def test_docx_when_it_has_paragraphs_then_they_are_its_text(process: Any, text_of: Any) -> None:
    """Office documents are recognised by their content and read."""
    result = process(word("Minutes of Tuesday", "Größe: 3 m"), "no-suffix")
    assert result["content_type"].endswith("wordprocessingml.document")
    assert "Größe: 3 m" in text_of(result)
    assert result["properties"]["title"] == "Minutes"


def test_docx_when_without_words_then_it_is_empty(process: Any) -> None:
    """Success without text is `empty`."""
    result = process(word(), "a.docx")
    assert result["text"] == {"state": "empty", "path": None, "characters": 0, "language": None}
    assert step(result, "document_text")["state"] == "empty"


def test_docx_when_a_bomb_then_it_is_rejected(process: Any) -> None:
    """A few kilobytes that unpack to megabytes of zeros are refused by the archive's own directory."""
    assert process(word_bomb(), "a.docx")["reject"]["code"] == "archive-bomb"


def test_docx_when_cut_then_the_reason_is_readable(process: Any) -> None:
    """The type is still known, the words are not."""
    content = word("words " * 500)
    result = process(content[: len(content) // 2], "a.docx")
    assert result["reject"]["code"] == "unreadable-document"


def test_docx_when_it_has_structure_then_its_markdown_keeps_it(process: Any, blob_of: Any) -> None:
    """Headings, lists and tables of a document are those of its Markdown."""
    markdown = blob_of(process(structured_word(), "a.docx"))["markdown"]
    assert "# Valves" in markdown
    assert "- open slowly" in markdown
    assert "| Size | Price |" in markdown
    assert "| 12 mm | 4.50 |" in markdown


def test_sheets_when_there_are_two_then_each_is_a_page(process: Any, blob_of: Any) -> None:
    """A sheet of a workbook is a page of its own, so that a finding names the sheet."""
    pages = blob_of(process(workbook({"Spring": [["Ann", "3"]], "Autumn": [["Bob", "4"]]}), "a.xlsx"))["pages"]
    assert [(page["number"], page["text"].split()) for page in pages] == [
        (1, ["Spring", "Ann", "3"]),
        (2, ["Autumn", "Bob", "4"]),
    ]


def test_slides_when_there_are_some_then_each_is_a_page(process: Any, blob_of: Any) -> None:
    """Also after one without words, so that a page's number is the slide's; nothing of how they are told apart is left."""
    slides = [["Valves", "open slowly"], [], ["1 2 3", "Pumps"]]
    blob = blob_of(process(presentation(slides), "a.pptx"))
    assert [(page["number"], page["text"]) for page in blob["pages"]] == [
        (1, "Valves open slowly"),
        (2, ""),
        (3, "1 2 3 Pumps"),
    ]


def test_pptx_when_a_part_does_not_unpack_then_the_reason_is_readable(process: Any) -> None:
    """Its reader hands on what the unpacking said, an error of another family."""
    content = bytearray(presentation([["Valves", "open slowly"]] * 3))
    at = content.index(b"ppt/slides/slide2.xml") + len("ppt/slides/slide2.xml")
    content[at : at + 40] = bytes(40)
    result = process(bytes(content), "a.pptx")
    assert (result["reject"] or {}).get("code") == "unreadable-document", result["steps"]


@pytest.mark.parametrize("record", [0x85, 0x18])
def test_xls_when_its_reader_panics_then_the_document_is_unreadable(process: Any, record: int) -> None:
    """A sheet or a name of two bytes: what Rust calls a panic is no Exception in Python, and ended the child."""
    start = bytes.fromhex("09080800") + bytes.fromhex("000505000a54cd07")
    book = start + record.to_bytes(2, "little") + b"\2\0\0\0" + b"\x0a\0\0\0"
    result = process(compound_file({"Book": book}), "a.xls")
    assert result["content_type"] == "application/vnd.ms-excel"
    assert result["reject"]["code"] == "unreadable-document"


def test_office_when_encrypted_then_it_needs_a_password_whatever_libmagic_calls_it(process: Any) -> None:
    """A document behind a password is a compound file around one stream."""
    spaces = {"EncryptionInfo": bytes(8), "DataSpaceInfo": {"StrongEncryptionDataSpace": bytes(64)}}
    tree = {"EncryptedPackage": bytes(5000), "EncryptionInfo": bytes(200), "\x06DataSpaces": spaces}
    result = process(compound_file(tree), "a.docx")
    assert (result["content_type"], result["text"]["state"]) == ("application/encrypted-ooxml", "needs-password")


def open_presentation(pages: str, kind: str = "presentation") -> bytes:
    """An OpenDocument file whose body has these pages."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = "".join(f' xmlns:{one}="{names}:{one}:1.0"' for one in ("office", "presentation", "text"))
    content = (
        f'<office:document-content{spaces} xmlns:draw="{names}:drawing:1.0"><office:body><office:{kind}>'
        f"{pages}</office:{kind}></office:body></office:document-content>"
    )
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return zipped({"mimetype": mimetype.encode(), "content.xml": content.encode()})


def test_odp_when_it_has_slides_then_each_is_a_page_with_its_notes(process: Any, blob_of: Any) -> None:
    """Words, gaps between them, and what the speaker sees; a slide without words keeps its number."""
    pages = (
        "<draw:page><draw:frame><draw:text-box><text:p>Valves<text:s/>open <text:span>slowly</text:span></text:p>"
        "<text:list><text:list-item><text:p>first</text:p></text:list-item></text:list></draw:text-box></draw:frame>"
        "<presentation:notes><text:p>Say it twice.</text:p></presentation:notes></draw:page>"
        "<draw:page/><draw:page><text:h>Pumps</text:h></draw:page>"
    )
    result = process(open_presentation(pages), "a.odp")
    assert [(page["number"], page["text"]) for page in blob_of(result)["pages"]] == [
        (1, "Valves open slowly\nfirst\nSay it twice."),
        (2, ""),
        (3, "Pumps"),
    ]
    assert result["properties"]["slide_count"] == 3


@pytest.mark.parametrize(
    ("pages", "end"),
    [
        ("<draw:page/>", ("empty", "no-text")),
        ("<draw:page>", ("failed", "unreadable-document")),
        ("<draw:page/>" * 20_000 + "<draw:page><text:p>x</text:p></draw:page>", ("empty", "no-text")),
    ],
)
def test_odp_when_it_has_no_words_or_is_broken_then_the_reason_is_readable(
    process: Any, pages: str, end: tuple[str, str]
) -> None:
    """More slides than anybody shows are not looked for."""
    record = step(process(open_presentation(pages), "a.odp"), "document_text")
    assert (record["state"], record["code"]) == end


def test_odg_when_it_has_words_then_they_are_found(process: Any, text_of: Any) -> None:
    """A drawing has pages as slides have."""
    drawing = open_presentation("<draw:page><text:p>Flow of oil</text:p></draw:page>", "graphics")
    assert text_of(process(drawing, "a.odg")) == "Flow of oil"


@pytest.mark.parametrize(
    ("name", "tree"),
    [
        ("a.doc", {"WordDocument": b"\xec\xa5\xc1\0" + bytes(6) + b"\xf0\x13" + bytes(5000)}),
        (
            "a.ppt",
            {"PowerPoint Document": bytes(5000), "Current User": bytes(12) + bytes.fromhex("dfc4d1f3") + bytes(60)},
        ),
    ],
)
def test_old_office_when_it_says_that_it_is_encrypted_then_it_needs_a_password(
    process: Any, name: str, tree: Any
) -> None:
    """Its reader sees damage, or nothing; the document says why."""
    result = process(compound_file(tree), name)
    assert (result["text"]["state"], result["reject"]) == ("needs-password", None)
