"""Reads a request target and refuses the ones that two programs could understand differently.

The route is chosen here and the path is interpreted again by the service. Every way in which the two could disagree
(dot segments, doubled or encoded slashes, NUL, parameters on dots, broken UTF-8) is refused before routing.
On failure: `TargetError` with one sentence; the edge answers 400.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

VISIBLE_ASCII = re.compile(rb"[!-~]+")
BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
PLAIN_PATH = re.compile(rb"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?|/")  # nothing to check: the usual case
ABSOLUTE_FORM = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)


class TargetError(ValueError):
    """The request target is malformed or ambiguous; a retry cannot help."""


@dataclass(frozen=True)
class Target:
    path: str  # decoded once, for choosing the route
    raw_path: bytes  # as the client wrote it, for the service
    query: bytes  # with its question mark, or empty
    authority: bytes | None = None  # only of an absolute-form target (RFC 9112 section 3.2.2)


def parse_target(raw: bytes) -> Target:
    """Split a target into path and query; raises TargetError."""
    if not VISIBLE_ASCII.fullmatch(raw):
        raise TargetError("The request target may hold visible ASCII only; percent-encode the rest.")
    authority = None
    if absolute := ABSOLUTE_FORM.fullmatch(raw):
        authority, raw = absolute[1], absolute[2] or b"/"
        if raw.startswith(b"?"):
            raw = b"/" + raw
    if not raw.startswith(b"/") or b"#" in raw:
        raise TargetError("The request target must be a path that starts with / and has no fragment.")
    raw_path, mark, query = raw.partition(b"?")
    return Target(_decoded(raw_path), raw_path, mark + query, authority)


def _decoded(raw_path: bytes) -> str:
    if PLAIN_PATH.fullmatch(raw_path):
        return raw_path.decode("ascii")
    if BROKEN_ESCAPE.search(raw_path):
        raise TargetError("The path has a percent sign that is not followed by two hexadecimal digits.")
    lowered = raw_path.lower()
    if b"%2f" in lowered or b"%5c" in lowered or b"\\" in raw_path:
        raise TargetError("The path may not hold an encoded slash or a backslash.")
    try:
        path = unquote_to_bytes(raw_path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise TargetError("The path is not valid UTF-8 after decoding.") from error
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in path):
        raise TargetError("The path may not hold control characters.")
    if "//" in path:
        raise TargetError("The path may not hold an empty segment (//).")
    if any(segment.split(";", 1)[0] in (".", "..") for segment in path.split("/")):
        raise TargetError("The path may not hold dot segments (. or ..).")
    return path
