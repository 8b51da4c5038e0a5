"""Conditions on fields inside a query: what they mean, and that a wrong one says how to write it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.chassis.errors import BadRequest
from filemill.metadata.search.fields import Fields, take_fields


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "rest", "fields"),
    [
        ("plain words", "plain words", Fields()),
        ("type:pdf report", "report", Fields(kinds=("pdf",))),
        ('tag:a tag:"two words" x', "x", Fields(tags=("a", "two words"))),
        ("owner:me status:failed", "", Fields(owners=("me",), statuses=("failed",))),
        ("created:2026", "", Fields(since=day(2026), until=day(2027))),
        ("created:2026-02", "", Fields(since=day(2026, 2), until=day(2026, 3))),
        ("created:2026-12-31", "", Fields(since=day(2026, 12, 31), until=day(2027))),
        ("created:>2026-01", "", Fields(since=day(2026, 2))),
        ("created:>=2026-01", "", Fields(since=day(2026))),
        ("created:<2026-01", "", Fields(until=day(2026))),
        ("created:<=2026-01", "", Fields(until=day(2026, 2))),
        ("created:2025-11..2026-01", "", Fields(since=day(2025, 11), until=day(2026, 2))),
        ("created:>2025 created:<2026-06", "", Fields(since=day(2026), until=day(2026, 6))),
        ("size:>1MB", "", Fields(least_bytes=1_000_001)),
        ("size:>=1.5kb", "", Fields(least_bytes=1_500)),
        ("size:<=2KiB", "", Fields(most_bytes=2_048)),
        ("size:<1", "", Fields(most_bytes=0)),
        ("size:10", "", Fields(least_bytes=10, most_bytes=10)),
        ("size:1kB..2kB", "", Fields(least_bytes=1_000, most_bytes=2_000)),
        ("a type:pdf b", "a b", Fields(kinds=("pdf",))),
        ("mytype:pdf http://x -type:pdf", "mytype:pdf http://x -type:pdf", Fields()),
        ("colour:red", "colour:red", Fields()),
    ],
)
def test_take_fields_when_people_type_then_conditions_and_words_part(query: str, rest: str, fields: Fields) -> None:
    """What is a field is taken, everything else stays a search for words."""
    left, found = take_fields(query)
    assert (" ".join(left.split()), found) == (rest, fields)


@pytest.mark.parametrize(
    "query",
    ["created:banana", "created:2026-13", "created:2026-02-30", "created:0000", "created:9999", "created:>", "created:..2026",
     "size:big", "size:>", "size:-1", "size:1XB", "size:9999999999999999", "type:", 'tag:""', "tag:  x"],
)  # fmt: skip
def test_take_fields_when_a_value_makes_no_sense_then_the_refusal_says_how_to_write_it(query: str) -> None:
    """Nobody has to guess."""
    with pytest.raises(BadRequest, match=r"^q: .*(write|put)"):
        take_fields(query)


@given(st.text(max_size=60))
def test_take_fields_when_it_is_any_text_then_it_is_taken_or_refused(text: str) -> None:
    """Nothing else happens."""
    for query in (text, f"size:{text}", f"created:{text}", f"type:{text} x"):
        try:
            rest, _ = take_fields(query)
        except BadRequest:
            continue
        assert len(rest) <= len(query) + 1
