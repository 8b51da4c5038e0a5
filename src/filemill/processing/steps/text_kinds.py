"""Telling kinds of text apart: libmagic says "plain text" to most of them, the file's own first lines and its name
say more.

A name only ever refines one kind of text into another; it never makes text of something else.
On failure: None, the type stays as it was.
"""

import codecs
import csv
import json
import re
from pathlib import PurePath

_BY_SUFFIX = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".ipynb": "application/x-ipynb+json",
    ".geojson": "application/geo+json",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".rst": "text/x-rst",
    ".tex": "text/x-tex",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".ini": "text/plain",
    ".log": "text/plain",
    ".txt": "text/plain",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".eml": "message/rfc822",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".xml": "application/xml",
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".ts": "text/x-typescript",
    ".py": "text/x-python",
    ".java": "text/x-java",
    ".c": "text/x-c",
    ".h": "text/x-c",
    ".cpp": "text/x-c++",
    ".cc": "text/x-c++",
    ".rs": "text/x-rust",
    ".go": "text/x-go",
    ".rb": "text/x-ruby",
    ".php": "text/x-php",
    ".sh": "text/x-shellscript",
    ".sql": "application/sql",
    ".diff": "text/x-diff",
    ".patch": "text/x-diff",
}
_MAIL_HEADER = re.compile(
    r"^(from|to|subject|date|message-id|received|return-path|mime-version|delivered-to):", re.IGNORECASE | re.MULTILINE
)
# Comments, declarations and processing instructions start with `<!` or `<?`.
_FIRST_ELEMENT = re.compile(r"<([A-Za-z][\w:.-]*)")
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_BY_ROOT = {"svg": "image/svg+xml", "html": "text/html"}
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def looks_like_text(head: bytes) -> bool:
    """Return whether the first bytes read like text: a byte order mark, or no zero and few control bytes."""
    if head.startswith(_BOMS):
        return True
    if wide_charset(head):
        return True
    if not head or b"\0" in head:
        return False
    odd = sum(1 for byte in head if byte < 32 and byte not in b"\t\n\r\f\x1b\x08")
    return odd * 50 <= len(head)


def wide_charset(head: bytes) -> str | None:
    """Return the kind of UTF-16 of text without a byte order mark: western text has a zero in every second byte."""
    sample = head[:4096]
    if len(sample) < 8:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.4 and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd == 0 else None


def is_html(head: bytes) -> bool:
    """Return whether text has what only a page has: its doctype or an outermost element; Markdown may begin with others."""
    return _PAGE.search(head) is not None


def by_name(filename: str) -> str | None:
    """Return the kind of text that a name says, None if it says none."""
    return _BY_SUFFIX.get(PurePath(filename.lower()).suffix)


def refine(head: bytes, filename: str) -> str | None:
    """Return a closer type for a file that is text, from its first bytes, then from its name."""
    text = head.decode("utf-8", "replace").lstrip("\ufeff").lstrip()
    first_element = _FIRST_ELEMENT.search(text[:4096]) if text.startswith("<") else None
    if first_element and first_element.group(1).lower() in _BY_ROOT:
        return _BY_ROOT[first_element.group(1).lower()]
    if _is_mail(text):
        return "message/rfc822"
    named = by_name(filename)
    if named:
        return named
    if text.startswith(("{", "[")) and _is_json(text):
        return "application/json"
    if text.startswith("BEGIN:VCALENDAR"):
        return "text/calendar"
    if text.startswith("BEGIN:VCARD"):
        return "text/vcard"
    return "text/csv" if _is_csv(text) else None


def _is_mail(text: str) -> bool:
    headers = text.split("\n\n", 1)[0].replace("\r", "")
    found = {match.group(1).lower() for match in _MAIL_HEADER.finditer(headers)}
    first = text.split("\n", 1)[0]
    return (
        len(found) >= 3 and re.match(r"^[A-Za-z][\w-]*: ?\S?", first) is not None and bool(found & {"from", "received"})
    )


def _is_json(head: str) -> bool:
    try:
        json.loads(head)
    except json.JSONDecodeError as error:
        return error.pos >= len(head) - 64 and len(head) > 1000  # the head ends in the middle of it
    except RecursionError:
        return False
    return True


def _is_csv(head: str) -> bool:
    lines = [line[:500] for line in head.splitlines()[:20]]
    if len(lines) < 3:
        return False
    try:
        delimiter = csv.Sniffer().sniff("\n".join(lines[:-1]), delimiters=",;\t").delimiter
    except csv.Error:
        return False
    counts = {line.count(delimiter) for line in lines[:-1] if line}
    return len(counts) == 1 and counts.pop() >= 1
