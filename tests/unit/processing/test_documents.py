"""Documents: their words, what they say about themselves, and what happens to damaged and hostile ones."""

import hashlib
import io
import wave
from email.message import EmailMessage
from typing import Any

import pytest

from .files import laughs, pdf
from .told import step


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
