"""Words beside the text of Office files: comments, footnotes, charts."""

import io
import zipfile
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml

from .files import presentation, word

CHART = (
    '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:title><a:p><a:r><a:t>Pressure by month</a:t></a:r>'
    "</a:p></c:title><c:ser><c:tx><c:strRef><c:strCache><c:pt><c:v>North bay</c:v></c:pt></c:strCache></c:strRef></c:tx>"
    "<c:val><c:numRef><c:numCache><c:pt><c:v>17.25</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:chartSpace>"
)
BOX = (
    '<w:pict xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml">'
    "<v:shape><v:textbox><w:txbxContent><w:p><w:r><w:t>Mind the step</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape>"
    "</w:pict>"
)
RELATED = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart" Target="../charts/chart1.xml"/>'
    "</Relationships>"
)


def with_parts(document: bytes, parts: dict[str, str]) -> bytes:
    """The document with more members."""
    buffer = io.BytesIO(document)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def test_docx_when_it_has_comments_then_they_are_found_behind_its_text(
    process: Any, text_of: Any, blob_of: Any
) -> None:
    """What a reviewer wrote is searched for as well, and stands in the Markdown."""
    document = docx.Document()
    paragraph = document.add_paragraph("The valve opens slowly.")
    document.add_comment(paragraph.runs, text="Which of the two valves?", author="Ines")
    buffer = io.BytesIO()
    document.save(buffer)
    result = process(buffer.getvalue(), "a.docx")
    text = text_of(result)
    assert text.index("The valve opens slowly.") < text.index("Which of the two valves?")
    assert blob_of(result)["markdown"].endswith("## Beside the text\n\n- Which of the two valves?")


def test_docx_when_it_has_a_header_and_a_text_box_then_their_words_are_found(
    process: Any, text_of: Any, blob_of: Any
) -> None:
    """The paragraph that the box is anchored in, too: kreuzberg has the box in its place."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Harbour office"
    run = document.add_paragraph("The valve opens slowly.").add_run()
    run._r.append(parse_xml(BOX))
    buffer = io.BytesIO()
    document.save(buffer)
    result = process(buffer.getvalue(), "a.docx")
    lines = text_of(result).split("\n")
    assert sorted(line for line in lines if line) == ["Harbour office", "Mind the step", "The valve opens slowly."]
    assert "- Harbour office" in blob_of(result)["markdown"]


def test_docx_when_it_has_a_chart_and_no_text_then_it_is_not_empty(process: Any, text_of: Any) -> None:
    """Its title and the names in it are words; its numbers are not."""
    text = text_of(process(with_parts(word(), {"word/charts/chart1.xml": CHART}), "a.docx"))
    assert text.split("\n") == ["Pressure by month", "North bay"]


def test_pptx_when_a_slide_has_a_chart_then_its_words_are_on_that_slide(process: Any, blob_of: Any) -> None:
    """In the order that slides are shown in, not that of their files."""
    deck = with_parts(
        presentation([["Valves"], [], ["Pumps"]]),
        {"ppt/charts/chart1.xml": CHART, "ppt/slides/_rels/slide2.xml.rels": RELATED},
    )
    blob = blob_of(process(deck, "a.pptx"))
    assert [page["text"] for page in blob["pages"]] == ["Valves", "Pressure by month\nNorth bay", "Pumps"]
    assert blob["markdown"].endswith("## Beside the text, slide 2\n\n- Pressure by month\n- North bay")


@pytest.mark.parametrize(
    "part",
    [
        CHART[: len(CHART) // 2],
        "no markup",
        '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b SYSTEM "file:///etc/hostname">]><x><t>&a;&b;</t></x>',
        "<x>" * 100_000,
    ],
)
def test_docx_when_a_part_beside_its_text_is_broken_or_hostile_then_the_text_is_there(
    process: Any, text_of: Any, part: str
) -> None:
    """Nothing that a part declares is expanded or opened."""
    result = process(with_parts(word("The valve opens slowly."), {"word/comments.xml": part}), "a.docx")
    text = text_of(result)
    assert text.startswith("The valve opens slowly.")
    assert "lol" not in text


def test_docx_when_its_parts_are_very_large_then_only_the_first_are_read(process: Any, text_of: Any) -> None:
    """Sixteen charts of a megabyte each, nearly without words."""
    charts = {
        f"word/charts/chart{number}.xml": f"<x><p><t>chart of {number} bays</t></p>{'<y/>' * 250_000}</x>"
        for number in range(16)
    }
    text = text_of(process(with_parts(word("The valve opens slowly."), charts), "a.docx"))
    assert text.startswith("The valve opens slowly.")
    assert "chart of 4 bays" in text
    assert "chart of 12 bays" not in text
