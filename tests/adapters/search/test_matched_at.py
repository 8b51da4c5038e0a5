"""Where a file matched, on each engine: the page, the custom field, the capability, the attachment, by name."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from filemill.metadata.search.indexer import in_pages
from support.searching import ENGINES, Searching, searching


@pytest.fixture(params=ENGINES)
async def mill(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Searching]:
    async with searching(request.param, tmp_path, request.getfixturevalue) as made:
        yield made


BOOK = in_pages(
    [
        {"number": 1, "text": "The quick brown fox\fjumps"},
        {"number": 2, "text": "over invoices of the lazy dog"},
        {"number": 4, "text": "brown bread and a fox"},
        {"number": 9, "text": "dog"},
    ]
)
FINDINGS = [
    {"capability": "keywords", "state": "done", "result": {"keywords": [{"text": "harvest"}]}},
    {"capability": "objects", "state": "failed", "result": {"labels": ["harvest"]}},
    {"capability": "description", "state": "done", "result": {"text": "A book of the harvest."}},
]
FILE: dict[str, Any] = {
    "filename": "book.pdf", "title": "On rivers", "description": "What rivers do", "custom": {"project": "Rivers 7", "n": 7},
    "body": BOOK, "text": {"state": "found", "pages": 4}, "findings": FINDINGS,
}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("dog", [("text", None, 2), ("text", None, 9)]),
        ("invoice", [("text", None, 2)]),
        ("quick", [("text", None, 1)]),
        ('"brown fox"', [("text", None, 1)]),
        ('"brown bread"', [("text", None, 4)]),
        ('"dog bread"', []),
        ('"dog brown"', [("text", None, None)]),
        ("bread OR jumps", [("text", None, 1), ("text", None, 4)]),
        ("bre*", [("text", None, 4)]),
        ("rivers", [("title", None, None), ("description", None, None), ("custom", "project", None)]),
        ("7", [("custom", "project", None), ("custom", "n", None)]),
        ("harvest", [("findings", "keywords", None), ("findings", "description", None)]),
        ("book", [("name", None, None), ("findings", "description", None)]),
        ("dog rivers", [("title", None, None), ("description", None, None), ("custom", "project", None),
                        ("text", None, 2), ("text", None, 9)]),
    ],
)  # fmt: skip
async def test_find_when_it_matched_somewhere_then_the_place_is_named(
    mill: Searching, query: str, wanted: list[tuple[Any, ...]]
) -> None:
    """A phrase only where it stands as a whole; a page without words counts."""
    await mill.put(FILE)
    hits = (await mill.find(q=query))["items"]
    places = [(one["field"], one["name"], one["page"]) for hit in hits for one in hit["matched_at"]]
    assert sorted(places, key=str) == sorted(wanted, key=str)


async def test_find_when_pages_are_not_known_or_one_then_the_field_is_named(mill: Searching) -> None:
    """A text kept by an older program has no marks: no page is better than a wrong one."""
    await mill.put(
        {"filename": "a.txt", "body": "alpha beta", "text": {"state": "found", "pages": 1}},
        {"filename": "b.txt", "body": "alpha\nbeta", "text": {"state": "found", "pages": 2}},
        {"filename": "c.txt", "body": "alpha beta"},
    )
    for query in ("beta", '"alpha beta"'):
        hits = (await mill.find(q=query))["items"]
        assert [hit["matched_at"] for hit in hits] == [[{"field": "text", "name": None, "page": None}]] * 3


async def test_find_when_an_attachment_matched_then_its_path_in_the_parent_is_named(mill: Searching) -> None:
    """Before what matched in it; a plain list has no places."""
    parent = "00000000-0000-7000-8000-000000000999"
    await mill.put({"filename": "bill.pdf", "body": "alpha", "parent_id": parent, "parent_path": "2/bill.pdf"})
    [hit] = (await mill.find(q="alpha"))["items"]
    assert [(one["field"], one["name"]) for one in hit["matched_at"]] == [("attachment", "2/bill.pdf"), ("text", None)]
    assert (await mill.find())["items"][0]["matched_at"] == []


async def test_find_when_everything_matches_then_places_are_bounded(mill: Searching) -> None:
    """Ten are enough to see why."""
    await mill.put({"filename": "a.txt", "custom": {f"f{number}": "alpha" for number in range(60)}})
    [hit] = (await mill.find(q="alpha"))["items"]
    assert len(hit["matched_at"]) == 10
