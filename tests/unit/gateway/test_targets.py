"""Which request targets are understood, and that decoding agrees with what the service will do."""

from __future__ import annotations

import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.gateway.targets import Target, TargetError, parse_target


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/", Target("/", b"/", b"")),
        (b"/api/upload/files?q=a%2Fb&c=//", Target("/api/upload/files", b"/api/upload/files", b"?q=a%2Fb&c=//")),
        (b"/a/b.c-d_e~f/", Target("/a/b.c-d_e~f/", b"/a/b.c-d_e~f/", b"")),
        (b"/a/%C3%A9", Target("/a/\u00e9", b"/a/%C3%A9", b"")),
        (b"/a/...b/.hidden", Target("/a/...b/.hidden", b"/a/...b/.hidden", b"")),
        (b"/a%3Bb;c=d/%25", Target("/a;b;c=d/%", b"/a%3Bb;c=d/%25", b"")),
        (b"http://h:1/a?b", Target("/a", b"/a", b"?b", b"h:1")),
        (b"http://h?b", Target("/", b"/", b"?b", b"h")),
        (b"http://h", Target("/", b"/", b"", b"h")),
    ],
)
def test_target_when_it_is_clear_then_it_is_split(raw: bytes, expected: Target) -> None:
    """Paths, queries, escapes and the absolute form are read."""
    assert parse_target(raw) == expected


@given(st.text(alphabet=string.ascii_letters + "/.%;\\#?25eEfF0cC\u00e9\x00 ", max_size=12))
def test_target_when_it_is_accepted_then_decoding_once_is_unambiguous(text: str) -> None:
    """Whatever is accepted has no dot or empty segment, and as many segments decoded as raw."""
    try:
        target = parse_target(b"/" + text.encode())
    except TargetError:
        return
    raw = target.raw_path.decode()
    assert target.path == unquote(raw, errors="strict")
    assert target.path.count("/") == raw.count("/")
    assert "//" not in target.path
    assert not {".", ".."} & {segment.partition(";")[0] for segment in target.path.split("/")}
