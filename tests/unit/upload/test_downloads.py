"""The way out: ranges, conditions, and headers that keep strangers' bytes harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.chassis.errors import RangeNotSatisfiable
from filemill.upload.downloads import Content, Slice, choose, headers_for, not_modified, safe_headers

SIZE = 1000
CONTENT = Content("report.pdf", "application/pdf", SIZE, "ab" * 32)
ETAG = f'"{"ab" * 32}"'
WHOLE = Slice(200, 0, SIZE)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", Slice(206, 0, 1)),
        ("bytes=0-499", Slice(206, 0, 500)),
        ("bytes=500-999", Slice(206, 500, 500)),
        ("bytes=999-", Slice(206, 999, 1)),
        ("bytes=0-", Slice(206, 0, SIZE)),
        ("bytes=900-5000", Slice(206, 900, 100)),
        ("bytes=-1", Slice(206, 999, 1)),
        ("bytes=-5000", Slice(206, 0, SIZE)),
        ("bytes = 1 - 2", Slice(206, 1, 2)),
        ("Bytes=1-2", Slice(206, 1, 2)),
        ("", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=5-4", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=0-1,5-6", WHOLE),
        ("items=0-1", WHOLE),
        ("bytes=0-1-2", WHOLE),
        ("bytes=+1-2", WHOLE),
        ("bytes=0-" + "9" * 5000, WHOLE),
    ],
)
def test_choose_when_a_range_is_asked_for_then_the_table_of_rfc_9110_holds(header: str, wanted: Slice) -> None:
    """Valid ranges are served, invalid headers are ignored."""
    assert choose(CONTENT, {"range": header}) == wanted


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=99999999-", "bytes=-0"])
def test_choose_when_the_range_lies_beyond_the_end_then_416(header: str) -> None:
    """There are no such bytes, and the answer says how many there are."""
    with pytest.raises(RangeNotSatisfiable, match="1000 bytes") as refused:
        choose(CONTENT, {"range": header})
    assert refused.value.headers == {"Content-Range": "bytes */1000"}


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (ETAG, Slice(206, 0, 10)),
        (f"W/{ETAG}", WHOLE),
        ('"other"', WHOLE),
        ("Wed, 21 Oct 2026 07:28:00 GMT", WHOLE),
        ("", WHOLE),
    ],
)
def test_choose_when_if_range_does_not_match_then_the_whole_comes(condition: str, wanted: Slice) -> None:
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
        part = choose(CONTENT, {"range": header})
    except RangeNotSatisfiable:
        return
    assert 0 <= part.start < SIZE
    assert 0 < part.length <= SIZE - part.start


def test_headers_for_when_a_part_is_sent_then_it_says_which() -> None:
    """A resuming client can check what it got."""
    headers = headers_for(CONTENT, Slice(206, 500, 100))
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
