"""The extracted text as one JSON file, for search, AI and the reader: pages with the places of their lines, chunks, and
Markdown where the source has structure.

`{"pages": [{"number", "text", "lines": [{"start", "end", "box"}]}], "chunks": [{"page", "start", "end", "box"}],
"markdown"}`. A box is `{"left", "top", "width", "height"}`: shares of the page from its top left, as in the findings of
the ai service. Readers take what they know and ignore the rest. Bounded: the text and the Markdown by
`TEXT_MAX_CHARACTERS` each, the lines by `LINES_MAX`. Nothing here fails.
"""

from pathlib import Path
from typing import Any

import orjson

from filemill.processing.steps.text_chunks import chunks_of
from filemill.processing.steps.text_pages import TEXT_MAX_CHARACTERS, Box, Page

# A 2,500-page book; with more, the lines would outgrow the words many times over. Chunks keep their boxes.
LINES_MAX = 100_000
# To how much of a page's width and height a place is told: 0.02 mm of A4.
_PARTS = 10_000


def write(pages: list[Page], markdown: str, folder: Path, *, by: str) -> str:
    """Write the file and return its name; `by` is the step that found the words."""
    lines_left = LINES_MAX
    shown: list[dict[str, Any]] = []
    for page in pages:
        lines = page.lines[:lines_left]
        lines_left -= len(lines)
        shown.append(_page(page, lines))
    chunks = [
        {"page": chunk.page, "start": chunk.start, "end": chunk.end} | _place(chunk.box) for chunk in chunks_of(pages)
    ]
    document: dict[str, Any] = {"pages": shown, "chunks": chunks}
    if markdown:
        document["markdown"] = markdown[:TEXT_MAX_CHARACTERS]
    name = f"text-{by}.json"
    (folder / name).write_bytes(orjson.dumps(document))
    return name


def _page(page: Page, lines: tuple[Any, ...]) -> dict[str, Any]:
    plain: dict[str, Any] = {"number": page.number, "text": page.text}
    if lines:
        plain["lines"] = [{"start": line.start, "end": line.end} | _place(line.box) for line in lines]
    return plain


def _place(box: Box | None) -> dict[str, Any]:
    if box is None:
        return {}
    # Ten-thousandths of the page by whole numbers: `round` works on the digits, at ten times the price.
    left, top = int(box.left * _PARTS + 0.5), int(box.top * _PARTS + 0.5)
    right, bottom = int(box.right * _PARTS + 0.5), int(box.bottom * _PARTS + 0.5)
    return {
        "box": {
            "left": left / _PARTS,
            "top": top / _PARTS,
            "width": max(0, right - left) / _PARTS,
            "height": max(0, bottom - top) / _PARTS,
        }
    }
