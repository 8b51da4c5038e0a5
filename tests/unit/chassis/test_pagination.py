"""Cursors: they come back as they went out, and whatever else is sent is one clear 400."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.chassis.errors import BadRequest
from filemill.chassis.web import pagination


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


@given(st.datetimes(timezones=st.just(UTC)), st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_decode_newest_when_it_is_a_cursor_of_ours_then_the_position_comes_back(moment: datetime, row_id: str) -> None:
    """A page continues exactly where the one before ended."""
    assert pagination.decode_newest(pagination.encode_newest(moment, row_id)) == (moment, row_id)


def test_decode_when_there_is_none_then_it_is_the_first_page() -> None:
    """No cursor, no position."""
    assert pagination.decode(None, str) is None
    assert pagination.decode_newest(None) is None


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "!!!!", "ü", "\x00", "AAAA", forged({}), forged([]), forged(["a"]), forged([1, "a"]), forged(["a", None]),
        forged(["2026-01-01T00:00:00", "a"]), forged(["0001-01-01T00:00:00+23:00", "a"]),
        forged(["9999-12-31T23:59:59-23:00", "a"]),
        forged(["yesterday", "a"]), forged(["2026-01-01T00:00:00+00:00", "a", 1]),
    ],
)  # fmt: skip
def test_decode_newest_when_it_is_tampered_with_then_bad_request(cursor: str) -> None:
    """No text a client sends as a cursor reaches the database in a form it cannot take."""
    with pytest.raises(BadRequest, match="cursor"):
        pagination.decode_newest(cursor)


@pytest.mark.parametrize("number", [-1, 2**63, 2**64 - 1, 10**30, 1.5, True, None, "1"])
def test_decode_when_a_number_is_none_that_we_give_out_then_bad_request(number: object) -> None:
    """Keys are whole, not negative, and fit the database's integers."""
    text = base64.urlsafe_b64encode(str([number]).replace("True", "true").replace("None", "null").encode()).decode()
    with pytest.raises(BadRequest, match="cursor"):
        pagination.decode(text, int)


@given(st.text(max_size=60))
def test_decode_when_it_is_any_text_then_a_position_or_bad_request(text: str) -> None:
    """Nothing else ever comes out of a cursor."""
    for decode in (lambda: pagination.decode(text, str, int), lambda: pagination.decode_newest(text)):
        try:
            decode()
        except BadRequest:
            continue


def test_decode_newest_when_it_has_another_offset_then_it_is_the_same_moment() -> None:
    """A time is a moment, however it is written."""
    moment = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    position = pagination.decode_newest(forged([moment.isoformat(), "a"]))
    assert position == (moment, "a")
