"""The extracted text as a client asked for it, also from blobs of an earlier version."""

from typing import Any

import orjson
import pytest

from filemill.metadata.text_answers import Format, text_answer

PAGES = [{"number": 1, "text": "First page."}, {"number": 2, "text": "Second, with more."}]
BOX = {"left": 0.1, "top": 0.2, "width": 0.5, "height": 0.1}
FULL = {
    "pages": PAGES,
    "chunks": [{"page": 2, "start": 0, "end": 6, "box": BOX}],
    "markdown": "# First page.\n\nSecond, with more.",
}


def answer(blob: dict[str, Any], form: Format) -> str:
    return bytes(text_answer(orjson.dumps(blob), form).body).decode()


def test_json_when_the_blob_has_chunks_then_each_has_its_text_and_place() -> None:
    """A chunk comes with its own words, so that nobody must cut them out."""
    found = orjson.loads(answer(FULL, "json"))
    assert found == {"pages": PAGES, "chunks": [{"page": 2, "start": 0, "end": 6, "box": BOX, "text": "Second"}]}


@pytest.mark.parametrize("blob", [FULL, {"pages": PAGES}])
def test_plain_when_asked_then_pages_are_parted_by_a_blank_line(blob: dict[str, Any]) -> None:
    """Plain text is the words and nothing else."""
    assert answer(blob, "plain") == "First page.\n\nSecond, with more."


def test_markdown_when_the_source_has_none_then_it_is_the_plain_text() -> None:
    """Structure is given where the source has it, and its type is said."""
    assert answer(FULL, "markdown") == FULL["markdown"]
    assert answer({"pages": PAGES}, "markdown") == "First page.\n\nSecond, with more."
    assert text_answer(orjson.dumps(FULL), "markdown").headers["content-type"] == "text/markdown; charset=utf-8"


def test_json_when_the_blob_is_of_an_earlier_version_then_it_has_no_chunks() -> None:
    """Old results stay readable."""
    assert orjson.loads(answer({"pages": PAGES}, "json")) == {"pages": PAGES, "chunks": []}
