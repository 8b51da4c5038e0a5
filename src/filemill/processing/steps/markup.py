"""The words of HTML and XML, with the standard library's own parsers.

Our own because kreuzberg drops the words that follow a picture in the same block, writes XML's element names among
the words, and ends the process on deeply nested XML. Entities a document declares are never expanded, nothing
external is ever read.
On failure: what was read before the break comes back, with `complete` False.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from xml.parsers import expat

_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "math", "object", "iframe"})
_VOID = frozenset(
    {"br", "hr", "img", "input", "link", "meta", "area", "base", "col", "embed", "source", "track", "wbr"}
)
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "ruby",
        "rt",
        "rp",
        "img",
        "input",
        "button",
    }
)
_LINKS = frozenset({"a", "button", "label"})
# Stands at both ends of a link while reading: two links that touch are two words, a link inside a word is not.
_EDGE = "\x1f"
_CELLS = frozenset({"td", "th"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")
_READ_BYTES = 1 << 16
_WORDS_MAX_CHARACTERS = 20_000_000


@dataclass(frozen=True)
class Words:
    """The text of a document and whether the document was whole."""

    text: str
    complete: bool


def html_charset(head: bytes) -> str | None:
    """Return the charset an HTML document names in its first bytes."""
    match = _META_CHARSET.search(head[:4096])
    return match.group(1).decode("ascii") if match else None


def html_words(content: str) -> str:
    """Return what a reader would see: blocks on lines of their own, no scripts, alternative texts for pictures."""
    reader = _HtmlWords()
    reader.feed(content)
    reader.close()
    return reader.text()


def xml_words(path: Path) -> Words:
    """Return the character data of an XML document, each element's on a line of its own."""
    collected: list[str] = []
    size = 0

    def characters(data: str) -> None:
        nonlocal size
        size += len(data)
        if size <= _WORDS_MAX_CHARACTERS:
            collected.append(data)

    def boundary(*_: object) -> None:
        if collected and collected[-1] != "\n":
            collected.append("\n")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.CharacterDataHandler = characters
    parser.StartElementHandler = boundary
    parser.EndElementHandler = boundary
    # With a default handler expat does not expand the entities a document declares (billion laughs).
    parser.DefaultHandler = lambda data: None  # noqa: ARG005
    try:
        with path.open("rb") as file:
            while chunk := file.read(_READ_BYTES):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
        complete = True
    except expat.ExpatError:
        complete = False
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(collected).split("\n"))
    return Words("\n".join(line for line in lines if line), complete)


class _HtmlWords(HTMLParser):
    """Collects visible text; `_silent` counts open elements whose content is not text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.append(tag)
            return
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "img":
            self._parts.append(f" {dict(attrs).get('alt') or ''} ")
        elif tag in _CELLS:
            self._parts.append("\t")
        elif tag in _LINKS:
            self._parts.append(_EDGE)
        elif tag not in _INLINE:
            self._parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
        elif tag in _LINKS:
            self._parts.append(_EDGE)
        elif tag not in _INLINE and tag not in _CELLS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data.replace("\n", " ").replace(_EDGE, ""))

    def text(self) -> str:
        """Return the lines, blanks joined, tables with a tab between cells."""
        lines = ("\t".join(_BLANKS.sub(" ", cell).strip() for cell in line.split("\t")) for line in self._lines())
        kept = [line.strip() for line in lines]
        return "\n".join(line for line, before in zip(kept, ["", *kept], strict=False) if line or before)

    def _lines(self) -> list[str]:
        joined = "".join(self._parts).replace(_EDGE * 2, " ").replace(_EDGE, "")
        return joined.split("\n")
