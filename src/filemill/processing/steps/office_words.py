"""Words of an Office file that stand beside its text: comments, footnotes, charts. kreuzberg leaves them out.

Read straight from the parts of the package (ECMA-376), each bounded, with the standard library's parser; entities that a part
declares are not expanded, nothing external is read. On failure: a part that cannot be read is left out; the text is there
without it.
"""

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
    _WORD: re.compile(r"word/(?:comments|footnotes|endnotes|charts/chart\d+)\.xml"),
    _SHEETS: re.compile(r"xl/(?:comments/?\w*|threadedComments/\w+|charts/chart\d+)\.xml"),
}
_BESIDE_SLIDE = re.compile(r"ppt/(?:charts/chart\w*|comments/\w+)\.xml")
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
                found = {WHOLE: _words(package, filter(_PARTS[kind].fullmatch, archive.namelist()))}
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
    _parse(package, part, parser)
    return found


def _words(package: _Package, parts: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for number, part in enumerate(parts):
        if number < _PARTS_MAX:
            lines += _lines(package, part)
    return lines


def _lines(package: _Package, part: str) -> list[str]:
    """The paragraphs of a part."""
    open_elements: list[str] = []
    paragraphs: list[str] = []
    pieces: list[str] = []
    caches = 0  # of a chart's words that are open: counted, for a hostile part may nest a million elements

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal caches
        open_elements.append(_local(name))
        caches += open_elements[-1] == _SHOWN_BY_CHART

    def characters(data: str) -> None:
        if open_elements[-1] in _RUNS or (caches and open_elements[-1] == "v"):
            pieces.append(data)

    def end(_name: str) -> None:
        nonlocal caches
        ended = open_elements.pop()
        caches -= ended == _SHOWN_BY_CHART
        if ended in _PARAGRAPHS and pieces:
            paragraphs.append(" ".join("".join(pieces).split()))
            pieces.clear()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    _parse(package, part, parser)
    return [line for line in (*paragraphs, " ".join("".join(pieces).split())) if line]


def _parse(package: _Package, part: str, parser: expat.XMLParserType) -> None:
    parser.DefaultHandler = lambda _data: None  # with one, entities that a part declares are not expanded
    try:
        parser.Parse(package.content(part), True)
    except (*_BROKEN, expat.ExpatError):
        return  # what was read before the break is kept


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
