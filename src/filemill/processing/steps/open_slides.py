"""The words of slides and drawings of OpenDocument, a page each: kreuzberg reads its texts and sheets only.

From `content.xml` (OASIS OpenDocument 1.3, part 3), with the standard library's parser: entities that it declares are not
expanded, nothing external is read. On failure: `ValueError`; what was read before a break is not given, as for other documents.
"""

import zipfile
import zlib
from pathlib import Path
from xml.parsers import expat

TYPES = frozenset({"application/vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.graphics"})
_CONTENT_MAX_BYTES = 64 << 20
_SLIDES_MAX = 5000
_PAGE, _NOTES = "page", "notes"
_PARAGRAPHS = frozenset({"p", "h"})
_GAPS = {"s": " ", "tab": "\t", "line-break": "\n"}
_BROKEN = (zipfile.BadZipFile, KeyError, NotImplementedError, OSError, RuntimeError, EOFError, zlib.error)


def read(source: Path) -> list[str]:
    """Return the words of each slide, its notes behind them; also of one that has none."""
    try:
        with zipfile.ZipFile(source) as package, package.open("content.xml") as file:
            content = file.read(_CONTENT_MAX_BYTES)
    except _BROKEN as error:
        raise ValueError("the document has no content that can be read") from error
    reader = _Slides()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.DefaultHandler = lambda _data: None  # with one, entities that it declares are not expanded
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError("its content is no XML") from error
    return reader.slides


class _Slides:
    """Collects paragraphs; `_open` counts those that are open, for a text box in a paragraph has paragraphs of its own."""

    def __init__(self) -> None:
        self.slides: list[str] = []
        self._lines: list[str] = []
        self._notes: list[str] = []
        self._pieces: list[str] = []
        self._open = 0
        self._in_notes = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local == _PAGE:
            self._lines, self._notes = [], []
        elif local == _NOTES:
            self._in_notes = True
        elif local in _PARAGRAPHS:
            self._keep()
            self._open += 1
        elif self._open and local in _GAPS:
            self._pieces.append(_GAPS[local])

    def end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if local == _PAGE and len(self.slides) < _SLIDES_MAX:
            self.slides.append("\n".join([*self._lines, *self._notes]))
        elif local == _NOTES:
            self._in_notes = False
        elif local in _PARAGRAPHS:
            self._keep()
            self._open -= 1

    def characters(self, data: str) -> None:
        if self._open:
            self._pieces.append(data)

    def _keep(self) -> None:
        line = "".join(self._pieces).strip()
        self._pieces.clear()
        if line:
            (self._notes if self._in_notes else self._lines).append(line)
