"""The way out: one file's bytes with `Range`, `ETag`, `If-None-Match`, and headers that keep strangers' bytes harmless.

The ETag is the content's SHA-256, so it is strong and the same everywhere. Several ranges are sent as multipart/byteranges;
those that touch or overlap become one, and a header that asks for more than `RANGES_MOST` is ignored, which RFC 9110 (14.2)
allows. Content is an attachment unless its type is on the short inline list, always `nosniff` and inside a CSP sandbox:
nothing a user uploads runs in our origin.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from filemill.chassis.errors import RangeNotSatisfiable
from filemill.chassis.web.blob_response import Piece, Span

INLINE_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "application/pdf", "text/plain",
     "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac", "video/mp4", "video/webm"}
)  # fmt: skip

RANGES_MOST = 16
"""More in one request is no reader's need; apiece they cost us more than they carry."""
GAP_BYTES = 128
"""Ranges this near to each other cost less as one than the head of another part."""

_RANGES = re.compile(r"bytes=([-0-9,]+)", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")
"""18 digits are more than any file; a longer number is no range (RFC 9110, 14.1.1)."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of the bytes before they are opened."""

    filename: str
    content_type: str
    size: int
    sha256: str

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'


@dataclass(frozen=True, slots=True)
class Choice:
    """Which bytes to send, and with which status. `boundary` stands between several parts."""

    status: int
    spans: tuple[Span, ...]
    boundary: str = field(default_factory=lambda: secrets.token_hex(16), compare=False)


def not_modified(content: Content, headers: Mapping[str, str]) -> bool:
    """Whether the caller has these bytes already (`If-None-Match`)."""
    asked = headers.get("if-none-match")
    if asked is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return "*" in tags or content.etag in tags


def choose(content: Content, headers: Mapping[str, str]) -> Choice:
    """The bytes this request gets. Raises `RangeNotSatisfiable`."""
    whole = Choice(200, (Span(0, content.size),))
    match = _RANGES.fullmatch(headers.get("range", "").replace(" ", ""))
    if match is None or headers.get("if-range", content.etag) != content.etag:
        return whole
    asked = [_RANGE.fullmatch(text) for text in match[1].split(",") if text]
    if not 1 <= len(asked) <= RANGES_MOST:
        return whole
    spans: list[Span] = []
    for one in asked:
        first, last = one.groups() if one else ("", "")
        if not (first or last) or (first and last and int(last) < int(first)):
            return whole  # not valid: the header is ignored (RFC 9110, 14.1.1)
        span = _span(first, last, content.size)
        if span.length > 0:
            spans = _joined(spans, span)
    if not spans:
        size = content.size
        raise RangeNotSatisfiable(f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return Choice(206, tuple(spans))


def _span(first: str, last: str, size: int) -> Span:
    if not first:
        length = min(int(last), size)
        return Span(size - length, length)
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    return Span(start, end - start + 1)


def _joined(spans: list[Span], new: Span) -> list[Span]:
    """The spans with one more, in the order they were asked for; those that overlap or nearly touch become one."""
    for at, old in enumerate(spans):
        if new.start <= old.start + old.length + GAP_BYTES and old.start <= new.start + new.length + GAP_BYTES:
            start = min(old.start, new.start)
            end = max(old.start + old.length, new.start + new.length)
            return _joined(spans[:at] + spans[at + 1 :], Span(start, end - start))
    return [*spans, new]


def headers_for(content: Content, choice: Choice) -> dict[str, str]:
    """The headers of the answer."""
    length = sum(len(one) if isinstance(one, bytes) else one.length for one in pieces(content, choice))
    headers = safe_headers(content.filename, content.content_type) | {
        "Content-Length": str(length),
        "Accept-Ranges": "bytes",
        "ETag": content.etag,
        "Cache-Control": "private, no-cache",
    }
    if len(choice.spans) > 1:
        headers["Content-Type"] = f"multipart/byteranges; boundary={choice.boundary}"
    elif choice.status == 206:
        headers["Content-Range"] = _content_range(content, choice.spans[0])
    return headers


def pieces(content: Content, choice: Choice) -> list[Piece]:
    """What the body is made of."""
    if len(choice.spans) == 1:
        return [*choice.spans]
    body: list[Piece] = []
    for span in choice.spans:
        lines = [
            f"--{choice.boundary}",
            f"Content-Type: {media_type(content.content_type)}",
            f"Content-Range: {_content_range(content, span)}",
        ]
        body += ["\r\n".join(["", *lines, "", ""]).encode("latin-1", "replace"), span]
    return [*body, f"\r\n--{choice.boundary}--\r\n".encode()]


def _content_range(content: Content, span: Span) -> str:
    return f"bytes {span.start}-{span.start + span.length - 1}/{content.size}"


def safe_headers(filename: str, content_type: str) -> dict[str, str]:
    """Headers that stop a browser from running or guessing what a user uploaded."""
    kind = "inline" if content_type in INLINE_TYPES else "attachment"
    plain = re.sub(r'[^\x20-\x7e]|["\\%;]', "_", filename)
    return {
        "Content-Type": media_type(content_type),
        "Content-Disposition": f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def media_type(content_type: str) -> str:
    """As it is served: text says its charset, so that no browser guesses one."""
    return f"{content_type}; charset=utf-8" if content_type == "text/plain" else content_type
