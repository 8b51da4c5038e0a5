"""The way out: one file's bytes with `Range`, `ETag`, `If-None-Match`, and headers that keep strangers' bytes harmless.

The ETag is the content's SHA-256, so it is strong and the same everywhere. Several ranges in one request are answered with
the whole file, which RFC 9110 (14.2) allows. Content is an attachment unless its type is on the short inline list, always
`nosniff` and inside a CSP sandbox: nothing a user uploads runs in our origin.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from filemill.chassis.errors import RangeNotSatisfiable

INLINE_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "application/pdf", "text/plain",
     "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac", "video/mp4", "video/webm"}
)  # fmt: skip

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)
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
class Slice:
    """Which bytes to send, and with which status."""

    status: int
    start: int
    length: int


def not_modified(content: Content, headers: Mapping[str, str]) -> bool:
    """Whether the caller has these bytes already (`If-None-Match`)."""
    asked = headers.get("if-none-match")
    if asked is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return "*" in tags or content.etag in tags


def choose(content: Content, headers: Mapping[str, str]) -> Slice:
    """The bytes this request gets. Raises `RangeNotSatisfiable`."""
    whole = Slice(200, 0, content.size)
    match = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if match is None or headers.get("if-range", content.etag) != content.etag:
        return whole
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last), content.size - 1) if last else content.size - 1
        if last and int(last) < start:
            return whole  # not a valid range: the header is ignored (RFC 9110, 14.1.1)
    elif last:
        start, end = max(0, content.size - int(last)), content.size - 1
    else:
        return whole
    if start >= content.size or (not first and int(last) == 0):
        size = content.size
        raise RangeNotSatisfiable(f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return Slice(206, start, end - start + 1)


def headers_for(content: Content, part: Slice) -> dict[str, str]:
    """The headers of the answer."""
    headers = safe_headers(content.filename, content.content_type) | {
        "Content-Length": str(part.length),
        "Accept-Ranges": "bytes",
        "ETag": content.etag,
        "Cache-Control": "private, no-cache",
    }
    if part.status == 206:
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{content.size}"
    return headers


def safe_headers(filename: str, content_type: str) -> dict[str, str]:
    """Headers that stop a browser from running or guessing what a user uploaded (RELIABILITY rule 35)."""
    kind = "inline" if content_type in INLINE_TYPES else "attachment"
    plain = re.sub(r'[^\x20-\x7e]|["\\%;]', "_", filename)
    media_type = f"{content_type}; charset=utf-8" if content_type == "text/plain" else content_type
    return {
        "Content-Type": media_type,
        "Content-Disposition": f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
