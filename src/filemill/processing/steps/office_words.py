"""Words of an Office file that stand beside its text: comments, footnotes, headers, charts. kreuzberg leaves them out.

It also drops the words of a paragraph that a text box is anchored in; these come from here too.

Read straight from the parts of the package (ECMA-376), each bounded, with the standard library's parser; entities that a part
declares are not expanded, nothing external is read. On failure: a part that cannot be read is left out; the text is there
without it.
"""

import contextlib
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from xml.parsers import expat

_OFFICE = "application/vnd.openxmlformats-officedocument."
_WORD, _SLIDES = f"{_OFFICE}wordprocessingml.document", f"{_OFFICE}presentationml.presentation"
_SHEETS = f"{_OFFICE}spreadsheetml.sheet"
WHOLE = 0
"""The number under which words stand that belong to no slide."""
_PARTS = {
    _WORD: re.compile(r"word/(?:comments|footnotes|endnotes|header\d*|footer\d*|charts/chart\d+)\.xml"),
    _SHEETS: re.compile(r"xl/(?:comments/?\w*|threadedComments/\w+|charts/chart\d+)\.xml"),
}
_BESIDE_SLIDE = re.compile(r"ppt/(?:charts/chart\w*|comments/\w+)\.xml")
_WORD_TEXT, _BOX = "word/document.xml", "txbxContent"
_PARTS_MAX = 300
# Of all parts together: a second or two of processor time.
_MAX_BYTES = 8 << 20
# Whose characters are words: of text runs, of comments, and of what a chart shows (names of series, categories).
_RUNS = frozenset({"t", "text"})
_SHOWN_BY_CHART = "strCache"
_PARAGRAPHS = frozenset({"p", "pt", "comment", "cm", "threadedComment"})
_BROKEN = (zipfile.BadZipFile, KeyError, NotImplementedError, OSError, RuntimeError, ValueError, EOFError, zlib.error)


def beside(source: Path, kind: str, known: str) -> dict[int, str]:
    """Return what is not in the `known` text yet, by the number of the slide, or under `WHOLE`."""
    if kind != _SLIDES and kind not in _PARTS:
        return {}
    try:
        with zipfile.ZipFile(source) as archive:
            package = _Package(archive)
            if kind == _SLIDES:
                found = {number: _words(package, parts) for number, parts in _of_slides(package).items()}
            else:
                # With bytes of its own: a long text must not cost the words beside it.
                around = _lines(_Package(archive), _WORD_TEXT, around_boxes=True) if kind == _WORD else []
                found = {WHOLE: around + _words(package, filter(_PARTS[kind].fullmatch, archive.namelist()))}
    except _BROKEN:
        return {}
    fresh = {number: [line for line in lines if line not in known] for number, lines in found.items()}
    return {number: "\n".join(dict.fromkeys(lines)) for number, lines in fresh.items() if lines}


class _Package:
    """The parts of a document, read until there were too many bytes of them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left_bytes = _MAX_BYTES

    def content(self, part: str) -> bytes:
        with self._archive.open(part) as file:
            content = file.read(self._left_bytes)
        self._left_bytes -= len(content)
        return content


def _of_slides(package: _Package) -> dict[int, list[str]]:
    """The parts beside each slide, in the order that the slides are shown in."""
    targets = _related(package, "ppt/presentation.xml")
    slides = [targets.get(key, "") for key in _attributes(package, "ppt/presentation.xml", "sldId", "id")]
    return {
        number: [part for part in _related(package, slide).values() if _BESIDE_SLIDE.fullmatch(part)]
        for number, slide in enumerate(slides[:_PARTS_MAX], start=1)
        if slide
    }


def _related(package: _Package, part: str) -> dict[str, str]:
    """What a part names as related to it: the name of each, by its key."""
    folder, name = posixpath.split(part)
    relations = f"{folder}/_rels/{name}.rels"
    keys = _attributes(package, relations, "Relationship", "Id")
    targets = _attributes(package, relations, "Relationship", "Target")
    return {
        key: posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
        for key, target in zip(keys, targets, strict=False)
    }


def _attributes(package: _Package, part: str, element: str, attribute: str) -> list[str]:
    """An attribute of each element of a name; `id` with a namespace where there are two."""
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == element:
            named = [value for key, value in attributes.items() if _local(key) == attribute]
            found.append(named[-1] if len(named) == 1 else next((v for v in named if not v.isdigit()), ""))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    with contextlib.suppress(*_BROKEN):
        _parse(package.content(part), parser)
    return found


def _words(package: _Package, parts: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for number, part in enumerate(parts):
        if number < _PARTS_MAX:
            lines += _lines(package, part)
    return lines


def _lines(package: _Package, part: str, *, around_boxes: bool = False) -> list[str]:
    """The paragraphs of a part; or only those that a text box is anchored in, without the words of the box."""
    try:
        content = package.content(part)
    except _BROKEN:
        return []  # not there, or damaged: the others may be read
    if around_boxes and _BOX.encode() not in content:
        return []
    reader = _Paragraphs(around_boxes=around_boxes)
    _parse(content, reader.parser())
    return reader.finished()


class _Paragraphs:
    """Collects the words of each paragraph. One may stand within another: in a text box, or in a comment."""

    def __init__(self, *, around_boxes: bool) -> None:
        self._lines: list[str] = []
        self._around_boxes = around_boxes
        self._elements: list[str] = []
        # The pieces of each open paragraph, and of none.
        self._pieces: list[list[str]] = [[]]
        self._with_box: set[int] = set()
        # Of a chart's words that are open: counted, for a hostile part may nest a million elements.
        self._caches = 0

    def finished(self) -> list[str]:
        """Return the lines, also those that a broken part left open."""
        while self._pieces:
            self._keep()
        return [line for line in self._lines if line]

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        return parser

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        local = _local(name)
        self._elements.append(local)
        self._caches += local == _SHOWN_BY_CHART
        if local in _PARAGRAPHS:
            self._pieces.append([])
        elif local == _BOX:
            self._with_box.add(len(self._pieces))

    def _characters(self, data: str) -> None:
        if self._elements[-1] in _RUNS or (self._caches and self._elements[-1] == "v"):
            self._pieces[-1].append(data)

    def _end(self, _name: str) -> None:
        ended = self._elements.pop()
        self._caches -= ended == _SHOWN_BY_CHART
        if ended in _PARAGRAPHS:
            self._keep()

    def _keep(self) -> None:
        depth, pieces = len(self._pieces), self._pieces.pop()
        if not self._around_boxes or depth in self._with_box:
            self._lines.append(" ".join("".join(pieces).split()))
        self._with_box.discard(depth)


def _parse(content: bytes, parser: expat.XMLParserType) -> None:
    parser.DefaultHandler = lambda _data: None  # with one, entities that a part declares are not expanded
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        return  # what was read before the break is kept


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
