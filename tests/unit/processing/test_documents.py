"""Documents: their words, what they say about themselves, and what happens to damaged and hostile ones."""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import wave
import zipfile
from email.message import EmailMessage
from typing import Any

import pytest
from backports import zstd

from filemill.processing.steps.compound_file import compound_file

from .files import laughs, pdf, presentation, seven_zip, structured_word, word, word_bomb, workbook, zipped


def step(result: Any, name: str) -> Any:
    """Return the record of a step."""
    return next(record for record in result["steps"] if record["name"] == name)


def test_pdf_when_it_has_text_then_each_page_has_its_own(process: Any, text_of: Any) -> None:
    """Text, page count, title and a picture of the first page."""
    result = process(pdf("First page words", "Second page"), "x")
    assert result["content_type"] == "application/pdf"
    assert result["properties"]["page_count"] == 2
    assert result["properties"]["title"] == "Quarterly report"
    assert text_of(result) == "First page words\nSecond page"
    assert [rendition["name"] for rendition in result["renditions"]] == ["preview", "thumbnail"]


def test_pdf_when_protected_then_it_needs_a_password(process: Any) -> None:
    """A password is a state of its own."""
    result = process(pdf("secret", password="open sesame"), "a.pdf")
    assert result["text"]["state"] == "needs-password"
    assert step(result, "pdf")["code"] == "needs-password"
    assert result["reject"] is None


def test_pdf_when_it_has_no_words_then_it_is_empty(process: Any) -> None:
    """A scan without text is processed, and its text is `empty`."""
    result = process(pdf(""), "a.pdf")
    assert result["text"]["state"] == "empty"
    assert len(result["renditions"]) == 2


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_pdf_when_cut_then_the_reason_is_readable(process: Any, share: float) -> None:
    """A damaged document ends with a sentence."""
    content = pdf("words")
    result = process(content[: int(len(content) * share)], "a.pdf")
    assert result["reject"]["code"] == "unreadable-document"


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


def test_html_when_words_follow_a_picture_then_they_are_kept(process: Any, text_of: Any) -> None:
    """Links that touch are two words, scripts are none, nothing is fetched."""
    page = (
        b"<!doctype html><html><body><img src=http://127.0.0.1:9/x alt='a boat'>After it <b>bo</b>ld"
        b"<script>var x = 'hidden'</script><p><a href=#>One</a><a href=#>Two</a></body></html>"
    )
    result = process(page, "a.html")
    text = text_of(result)
    assert "a boat After it bold" in text
    assert "One Two" in text
    assert "hidden" not in text


def test_xml_when_a_billion_laughs_then_nothing_is_expanded(process: Any, text_of: Any) -> None:
    """Entities a document declares stay unexpanded; its words are still found."""
    result = process((laughs() + "<r>&l11; plain words</r>").encode(), "a.xml")
    assert text_of(result) == "plain words"


def test_xml_when_it_names_a_file_then_the_file_is_not_read(process: Any, text_of: Any) -> None:
    """No external entity is ever opened."""
    content = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;hello</r>'
    assert text_of(process(content, "a.xml")) == "hello"


def test_xml_when_nested_deep_then_it_is_read(process: Any, text_of: Any) -> None:
    """Depth is no way to overflow the stack."""
    assert text_of(process(b"<a>" * 100_000 + b"deep" + b"</a>" * 100_000, "a.xml")) == "deep"


def test_mail_when_plain_then_headers_and_body_are_found(process: Any, text_of: Any) -> None:
    """Mail is recognised by its headers."""
    mail = b"From: a@example.com\nTo: b@example.com\nSubject: Lunch\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\nAt noon?\n"
    result = process(mail, "message")
    assert result["content_type"] == "message/rfc822"
    assert result["properties"]["mail_from"] == "a@example.com"
    assert "At noon?" in text_of(result)


@pytest.mark.parametrize(
    ("text", "charset", "found_as"),
    [
        ("Grüße aus Köln", "utf-8", "utf-8"),
        ("Grüße aus Köln, café", "cp1252", "cp1252"),
        ("Grüße, мир", "utf-16", "utf-16"),
        ("plain western words", "utf-16-le", "utf-16-le"),
        ("これは日本語のテキストです。漢字も入っています。", "shift_jis", "shift_jis"),
        ("Привет мир, это текст на русском языке", "cp1251", "cp1251"),
    ],
)
def test_text_when_in_any_charset_then_it_is_read(
    process: Any, text_of: Any, text: str, charset: str, found_as: str
) -> None:
    """Old charsets are guessed from the bytes."""
    result = process(text.encode(charset), "a.txt")
    assert text_of(result) == text
    assert result["properties"]["charset"] == found_as


def test_text_when_it_has_control_characters_then_they_are_dropped(process: Any, text_of: Any) -> None:
    """What is kept is text and line ends."""
    assert text_of(process(b"a\x07b\r\nc\x1b[0m" + b" words" * 30, "a.txt")) == "ab\nc[0m" + " words" * 30


def test_csv_when_it_has_a_header_then_its_columns_are_named(process: Any) -> None:
    """Tables say what is in them."""
    result = process(b"name;age\nAnn;3\nBob;4\n", "a.csv")
    assert result["content_type"] == "text/csv"
    assert result["properties"]["columns"] == ["name", "age"]
    assert result["properties"]["delimiter"] == "semicolon"
    assert result["properties"]["row_count"] == 2


def test_csv_when_cells_are_quoted_then_its_markdown_is_a_table(process: Any, blob_of: Any) -> None:
    """A bar or a line end inside a cell does not break the table; short rows are filled up."""
    result = process(b'name,note\nAnn,"a|b\nc"\nBob\nCy,"x, y"\n', "a.csv")
    lines = blob_of(result)["markdown"].split("\n")
    assert lines == ["| name | note |", "| --- | --- |", "| Ann | a\\|b c |", "| Bob |  |", "| Cy | x, y |"]


def test_archive_when_it_holds_tricks_then_only_names_are_listed(process: Any, text_of: Any) -> None:
    """A path that leaves the archive is shown as text and nothing else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/cron.d/x", "x")
        archive.writestr("ok.txt", "four")
    result = process(buffer.getvalue(), "a.zip")
    assert result["properties"]["archive"]["entry_count"] == 2
    assert result["properties"]["archive"]["unpacked_bytes"] == 5
    assert text_of(result) == "../../etc/cron.d/x\nok.txt"


def test_tar_when_compressed_then_it_is_listed(process: Any, text_of: Any) -> None:
    """A tar in gzip is read through, up to a bound."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("folder/a.txt")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    assert text_of(process(buffer.getvalue(), "a.tgz")) == "folder/a.txt"


def test_tar_when_it_is_a_bomb_then_listing_stops_early(process: Any) -> None:
    """A member of terabytes is not read through."""
    member = tarfile.TarInfo("big")
    member.size = 1 << 40
    result = process(member.tobuf() + bytes(1 << 16), "a.tar")
    assert result["properties"]["archive"]["complete"] is False


def test_wav_when_plain_then_its_length_is_known_without_programs(process: Any) -> None:
    """WAV needs no ffmpeg."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    assert process(buffer.getvalue(), "a.wav")["properties"]["media"]["duration_s"] == 1.0


def test_video_when_ffprobe_is_missing_then_the_step_says_how_to_get_it(
    process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing program is a sentence, not a failure."""
    monkeypatch.setenv("PATH", "/nonexistent")
    record = step(process(b"ID3\x03\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 100, "a.mp3"), "audio_video_probe")
    assert (record["state"], record["code"]) == ("skipped", "needs-ffmpeg")


def test_file_when_random_bytes_then_it_is_other(process: Any) -> None:
    """What nobody knows is kept, with no promise."""
    result = process(bytes(range(256)) * 4, "a.jpg")
    assert (result["content_type"], result["plan"]) == ("application/octet-stream", "other")
    assert result["type_evidence"]["declared_agrees"] is None


def test_step_when_named_in_skip_then_it_fails_with_that_reason_and_others_go_on(process: Any) -> None:
    """A step that brought the child down before is not run again."""
    skip = {"pdf": {"code": "crashed-sigsegv", "detail": "It crashed."}}
    result = process(pdf("words"), "a.pdf", skip=skip)
    assert (step(result, "pdf")["state"], step(result, "pdf")["code"]) == ("failed", "crashed-sigsegv")
    assert step(result, "image_text")["state"] in {"skipped", "empty", "done"}


def test_docx_when_it_has_structure_then_its_markdown_keeps_it(process: Any, blob_of: Any) -> None:
    """Headings, lists and tables of a document are those of its Markdown."""
    markdown = blob_of(process(structured_word(), "a.docx"))["markdown"]
    assert "# Valves" in markdown
    assert "- open slowly" in markdown
    assert "| Size | Price |" in markdown
    assert "| 12 mm | 4.50 |" in markdown


def test_html_when_it_has_structure_then_its_markdown_keeps_it(process: Any, blob_of: Any) -> None:
    """What stands in the head is not text; an embedded picture is not written out."""
    page = (
        b"<!doctype html><html><head><meta name=description content=hidden><title>Hidden</title></head><body>"
        b"<h2>Valves</h2><ul><li>open slowly</li></ul><table><tr><th>Size<th>Price<tr><td>12 mm<td>4.50</table>"
        b"<img alt=dot src='data:image/png;base64,iVBORw0KGgo='><script>var x = 'hidden'</script></body></html>"
    )
    markdown = blob_of(process(page, "a.html"))["markdown"]
    assert "## Valves" in markdown
    assert "- open slowly" in markdown
    assert "| 12 mm | 4.50 " in markdown
    assert "idden" not in markdown
    assert "base64" not in markdown


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


def test_tar_when_in_zstd_then_it_is_listed(process: Any, text_of: Any) -> None:
    """Python before 3.14 has no zstd of its own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("folder/a.txt"))
    result = process(zstd.compress(buffer.getvalue()), "a.tar.zst")
    assert result["content_type"] == "application/zstd"
    assert text_of(result) == "folder/a.txt"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
@pytest.mark.parametrize("content", [b"no tar", bytes(4096)])
def test_compressed_file_when_it_is_no_tar_then_its_one_file_is_named(process: Any, pack: Any, content: bytes) -> None:
    """Zeros look like a tar without entries; they are one file all the same."""
    archive = process(pack(content), "notes.txt")["properties"]["archive"]
    assert (archive["entry_count"], archive["entries"][0]["name"]) == (1, "notes.txt")


@pytest.mark.parametrize("packed", [False, True])
def test_seven_zip_when_read_then_names_and_sizes_are_listed(process: Any, packed: bool) -> None:
    """The header says what is in it, packed or not; folders are no files."""
    content = seven_zip({"folder": None, "folder/a.txt": b"four", "b.txt": b"seventy", "empty.txt": b""}, packed=packed)
    result = process(content, "a.7z")
    assert result["content_type"] == "application/x-7z-compressed"
    assert result["properties"]["archive"]["entries"] == [
        {"name": "folder/a.txt", "size_bytes": 4},
        {"name": "b.txt", "size_bytes": 7},
        {"name": "empty.txt", "size_bytes": 0},
    ]


@pytest.mark.parametrize("cut", [10, 40, 90])
def test_seven_zip_when_cut_then_the_reason_is_readable(process: Any, cut: int) -> None:
    """The header stands at the end: without it nobody knows what is inside."""
    content = seven_zip({"a.txt": b"four" * 50}, packed=True)
    result = process(content[:cut], "a.7z")
    assert result["reject"]["code"] == "unreadable-archive"


def test_archive_when_it_has_many_entries_then_as_many_are_shown_as_fit(process: Any, text_of: Any) -> None:
    """Properties are bounded: the first entries are shown, all names are searchable."""
    result = process(zipped({f"folder/name-{number}.txt": b"" for number in range(2000)}), "a.zip")
    shown = result["properties"]["archive"]
    assert shown["entry_count"] == 2000
    assert 100 < len(shown["entries"]) < 1000
    assert text_of(result).count("name-") == 2000


def test_mail_when_it_carries_files_then_each_is_told(process: Any, text_of: Any) -> None:
    """Name, type, size and digest of each attachment, of a mail in the mail too; the html part is not read twice."""
    inner = EmailMessage()
    inner["Subject"] = "Before"
    inner.set_content("older words")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "Lunch"
    mail["Date"] = "Mon, 1 Jan 2024 10:00:00 +0000"
    mail.set_content("At noon?")
    mail.add_alternative("<p>At noon?</p>", subtype="html")
    mail.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="größe.csv")
    mail.add_attachment(inner)
    result = process(mail.as_bytes(), "a.eml")
    table, message = result["properties"]["attachments"]
    digest = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert table == {"name": "größe.csv", "content_type": "text/csv", "size_bytes": 8, "sha256": digest}
    assert (message["name"], message["content_type"]) == ("Before.eml", "message/rfc822")
    assert text_of(result).count("At noon?") == 1


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


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("README.md", "<a href='x'>Pumps</a>\n\n# Title\n\nWords.\n", "text/markdown"),
        ("README.md", "<!DOCTYPE html>\n<html><body><p>Words.</p></body></html>\n", "text/html"),
        ("a.svg", "<a href='x'>Pumps</a>\n\n<p>Title</p>\n", "text/html"),
        ("piece", "<a href='x'>Pumps</a>\n\n<p>Title</p>\n", "text/html"),
    ],
)
def test_text_when_it_begins_with_an_element_then_a_page_needs_more_than_that(
    process: Any, name: str, content: str, content_type: str
) -> None:
    """Markdown may hold elements, also first; libmagic then sees a page."""
    assert process(content.encode(), name)["content_type"] == content_type


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
