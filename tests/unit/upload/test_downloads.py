"""The way out: ranges, conditions, and headers that keep strangers' bytes harmless."""

import email
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.chassis.errors import RangeNotSatisfiable
from filemill.chassis.web.blob_response import Span
from filemill.upload.downloads import (
    GAP_BYTES,
    RANGES_MOST,
    Choice,
    Content,
    choose,
    headers_for,
    not_modified,
    pieces,
    safe_headers,
)

SIZE = 1000
CONTENT = Content("report.pdf", "application/pdf", SIZE, "ab" * 32)
ETAG = f'"{"ab" * 32}"'


def part(*numbers: int) -> Choice:
    """A partial answer of these starts and lengths."""
    return Choice(206, tuple(Span(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)))


WHOLE = Choice(200, (Span(0, SIZE),))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", part(0, 1)),
        ("bytes=0-499", part(0, 500)),
        ("bytes=500-999", part(500, 500)),
        ("bytes=999-", part(999, 1)),
        ("bytes=0-", part(0, SIZE)),
        ("bytes=900-5000", part(900, 100)),
        ("bytes=-1", part(999, 1)),
        ("bytes=-5000", part(0, SIZE)),
        ("bytes = 1 - 2", part(1, 2)),
        ("Bytes=1-2", part(1, 2)),
        ("", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=5-4", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=0-9,500-509", part(0, 10, 500, 10)),
        ("bytes=500-509, 0-9", part(500, 10, 0, 10)),
        ("bytes=0-1,5-6", part(0, 7)),
        ("bytes=0-9,400-409,200-450", part(0, 10, 200, 251)),
        ("bytes=0-99,-1", part(0, 100, 999, 1)),
        ("bytes=0-99,5000-6000,,-2", part(0, 100, 998, 2)),
        ("bytes=0-0,2000-", part(0, 1)),
        ("bytes=0-9,500-400", WHOLE),
        ("bytes=0-9,x", WHOLE),
        ("bytes=0-9,-", WHOLE),
        ("bytes=" + "0-0," * RANGES_MOST + "5-5", WHOLE),
        ("items=0-1", WHOLE),
        ("bytes=0-1-2", WHOLE),
        ("bytes=+1-2", WHOLE),
        ("bytes=0-" + "9" * 5000, WHOLE),
    ],
)
def test_choose_when_a_range_is_asked_for_then_the_table_of_rfc_9110_holds(header: str, wanted: Choice) -> None:
    """Valid ranges are served, invalid headers are ignored."""
    assert choose(CONTENT, {"range": header}) == wanted


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=99999999-", "bytes=-0", "bytes=1000-,-0"])
def test_choose_when_the_range_lies_beyond_the_end_then_416(header: str) -> None:
    """There are no such bytes, and the answer says how many there are."""
    with pytest.raises(RangeNotSatisfiable, match="1000 bytes") as refused:
        choose(CONTENT, {"range": header})
    assert refused.value.headers == {"Content-Range": "bytes */1000"}


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (ETAG, part(0, 10)),
        (f"W/{ETAG}", WHOLE),
        ('"other"', WHOLE),
        ("Wed, 21 Oct 2026 07:28:00 GMT", WHOLE),
        ("", WHOLE),
    ],
)
def test_choose_when_if_range_does_not_match_then_the_whole_comes(condition: str, wanted: Choice) -> None:
    """A download is only continued with bytes of the same content."""
    assert choose(CONTENT, {"range": "bytes=0-9", "if-range": condition}) == wanted


@pytest.mark.parametrize(
    ("header", "fresh"),
    [
        (ETAG, True), (f"W/{ETAG}", True), ("*", True), (f'"x", {ETAG}', True), (f'"x",W/{ETAG},"y"', True),
        ('"x"', False), ("", False), ("ab" * 32, False),
    ],
)  # fmt: skip
def test_not_modified_when_if_none_match_names_the_content_then_it_need_not_come(header: str, *, fresh: bool) -> None:
    """The weak comparison of RFC 9110, 13.1.2."""
    assert not_modified(CONTENT, {"if-none-match": header}) is fresh


def test_not_modified_when_nothing_is_asked_then_the_bytes_come() -> None:
    """No condition, no 304."""
    assert not not_modified(CONTENT, {})


@given(st.text(alphabet="bytes=-,0123456789 ", max_size=20))
def test_choose_when_the_header_is_anything_then_the_slice_lies_within_the_file(header: str) -> None:
    """No header makes a read beyond the file's bytes."""
    try:
        chosen = choose(CONTENT, {"range": header})
    except RangeNotSatisfiable:
        return
    for span in chosen.spans:
        assert 0 <= span.start < SIZE
        assert 0 < span.length <= SIZE - span.start


@given(st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), min_size=1, max_size=RANGES_MOST))
def test_choose_when_ranges_overlap_then_no_byte_comes_twice(asked: list[tuple[int, int]]) -> None:
    """Every byte that was asked for is sent once; parts stay further apart than the head of a part is long."""
    ranges = [range(min(pair), max(pair) + 1) for pair in asked]
    chosen = choose(CONTENT, {"range": "bytes=" + ",".join(f"{one.start}-{one.stop - 1}" for one in ranges)})
    spans = sorted(chosen.spans, key=lambda span: span.start)
    sent = {at for span in spans for at in range(span.start, span.start + span.length)}
    assert sent >= {at for one in ranges for at in one}
    assert all(a.start + a.length + GAP_BYTES < b.start for a, b in itertools.pairwise(spans))


def test_pieces_when_there_are_several_ranges_then_each_part_says_which_it_is() -> None:
    """multipart/byteranges of RFC 9110 (14.6), with the length said beforehand and the headers that keep it harmless."""
    chosen = choose(CONTENT, {"range": "bytes=0-9,900-"})
    headers = headers_for(CONTENT, chosen)
    body = b"".join(one if isinstance(one, bytes) else bytes(one.length) for one in pieces(CONTENT, chosen))
    assert headers["Content-Length"] == str(len(body))
    message = email.message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    parts = message.get_payload()
    assert [part["Content-Range"] for part in parts] == ["bytes 0-9/1000", "bytes 900-999/1000"]
    assert [len(part.get_payload(decode=True)) for part in parts] == [10, 100]
    assert all(part["Content-Type"] == "application/pdf" for part in parts)
    assert "Content-Range" not in headers
    assert "sandbox" in headers["Content-Security-Policy"]


def test_headers_for_when_a_part_is_sent_then_it_says_which() -> None:
    """A resuming client can check what it got."""
    headers = headers_for(CONTENT, part(500, 100))
    assert headers["Content-Range"] == "bytes 500-599/1000"
    assert headers["Content-Length"] == "100"
    assert headers["ETag"] == ETAG
    assert "Content-Range" not in headers_for(CONTENT, WHOLE)


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xml", "application/javascript", "x/y"])
def test_safe_headers_when_a_browser_could_run_it_then_it_is_an_attachment(kind: str) -> None:
    """Nothing a user uploads runs in our origin."""
    headers = safe_headers("a", kind)
    assert headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "text/plain"])
def test_safe_headers_when_it_cannot_run_then_it_may_be_shown(kind: str) -> None:
    """A preview in the browser is allowed for a short list."""
    assert safe_headers("a", kind)["Content-Disposition"].startswith("inline")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80))
def test_safe_headers_when_the_name_is_anything_then_the_header_is_plain_ascii(name: str) -> None:
    """No name breaks out of its quotes, or out of the header."""
    value = safe_headers(name, "image/png")["Content-Disposition"]
    assert value.isascii()
    assert value.count('"') == 2
    assert "\n" not in value
    assert "\r" not in value
