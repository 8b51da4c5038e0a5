"""The files of the web page, read once at start and served from memory.

`/` and the other addresses of the console are `index.html` (the page reads its own address), `/ui/<path>` is the file of
that path. Only names read at start exist, so no request can reach another file. Not for: anything a user uploaded.
On failure: a folder without `index.html`, or with more than it may hold, raises ValueError at start.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from filemill.gateway.answers import Answer
from filemill.gateway.limits import MIB

MAX_TOTAL_BYTES = 64 * MIB
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # keep it, but ask each time: the ETag makes that cheap
}


# Where the console has pages: each is index.html, so that a reload or a bookmark comes back to the same place.
PLACES = r"^/(files/[0-9a-f-]{36}|live|operations(/[a-z]+)?|signin)$"
# The build puts a hash into these names: another content has another name.
HASHED = r"^/(ui/)?assets/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$"
KEPT = "public, max-age=31536000, immutable"
_PLACES, _HASHED = re.compile(PLACES), re.compile(HASHED)


@dataclass(frozen=True)
class PageFile:
    body: bytes
    content_type: str
    etag: str
    cache_control: str = HEADERS["Cache-Control"]

    def answer(self, if_none_match: list[bytes]) -> Answer:
        """200 with the bytes, or 304 when the client has them already."""
        headers = {**HEADERS, "ETag": self.etag, "Cache-Control": self.cache_control}
        if _matches(if_none_match, self.etag):
            return Answer(304, headers=headers)
        return Answer(200, self.body, self.content_type, headers)


class Page:
    """All files below one folder, by the path under which they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, PageFile] = {}
        total = 0
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if not path.is_file() or any(part.startswith((".", "_")) for part in name.parts):
                continue
            body = path.read_bytes()
            total += len(body)
            if total > MAX_TOTAL_BYTES:
                raise ValueError(f"the web page in {folder} is larger than {MAX_TOTAL_BYTES} bytes")
            content_type = CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream")
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            address = f"/ui/{name.as_posix()}"
            cached = KEPT if _HASHED.search(address) else HEADERS["Cache-Control"]
            self._files[address] = PageFile(body, content_type, etag, cached)
        if "/ui/index.html" not in self._files:
            raise ValueError(f"the web page's folder {folder} has no index.html")
        self._files["/"] = self._files["/ui/index.html"]

    def find(self, path: str) -> PageFile | None:
        found = self._files.get(path)
        if found is None and _PLACES.search(path):
            return self._files["/"]
        return found


def _matches(if_none_match: list[bytes], etag: str) -> bool:
    """The weak comparison of RFC 9110 section 13.1.2."""
    tags = [tag.strip().removeprefix(b"W/") for value in if_none_match for tag in value.split(b",")]
    return b"*" in tags or etag.encode() in tags
