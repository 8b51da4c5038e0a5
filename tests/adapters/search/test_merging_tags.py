"""Several tags become one, on each engine: on every file that has one of them, once, or only counted."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.searching import ENGINES, Searching, searching


@pytest.fixture(params=ENGINES)
async def mill(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Searching]:
    async with searching(request.param, tmp_path, request.getfixturevalue) as made:
        yield made


async def merge(mill: Searching, sources: list[str], into: str, *, dry_run: bool = False) -> tuple[int, int]:
    """Every page; how many files were changed, and how many pages that took."""
    changed = pages = 0
    cursor: str | None = None
    while True:
        query: dict[str, Any] = {"dry_run": dry_run} | ({"cursor": cursor} if cursor else {})
        answer = await mill.client.post("/tags/merge", params=query, json={"from": sources, "into": into})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert (page["dry_run"], page["refused"]) == (dry_run, 0)
        changed, pages, cursor = changed + page["changed"], pages + 1, page["next_cursor"]
        if cursor is None:
            return changed, pages


async def tags(mill: Searching) -> list[tuple[str, ...]]:
    page = await mill.find(limit=500, sort="oldest")
    return [tuple(hit["tags"]) for hit in page["items"]]


async def test_merge_when_files_have_some_of_the_tags_then_each_gets_one_instead(mill: Searching) -> None:
    """Counted before as it is done after; what has several is one; another owner's stays; a repeat finds nothing."""
    mixed = [["a", "kept"], ["b"], ["a", "b", "c"], ["into", "c"], ["kept"]]
    await mill.put(*[{"filename": f"{number}.txt", "tags": mixed[number % 5]} for number in range(150)])
    await mill.put({"filename": "strange.txt", "tags": ["a"], "owner_id": "another"})
    assert await merge(mill, ["a", "b", "c"], "into", dry_run=True) == (120, 3)
    assert (await tags(mill))[:2] == [("a", "kept"), ("b",)]
    assert await merge(mill, ["a", "b", "c"], "into") == (120, 3)
    assert set(await tags(mill)) == {("kept", "into"), ("into",), ("kept",)}
    assert (await merge(mill, ["a", "b", "c"], "into"))[0] == 0
    audited = await mill.database.read(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM audit").scalar())
    assert audited == 120
    others = await mill.database.read(
        lambda tx: tx.exec_driver_sql("SELECT CAST(tags AS text) FROM documents WHERE owner_id = 'another'").scalar()
    )
    assert others == '["a"]'


async def test_merge_when_a_tag_is_on_more_files_than_a_page_then_all_are_met(mill: Searching) -> None:
    """Pages go by age, so what matches no more takes no other with it."""
    await mill.put(*[{"filename": f"{number}.txt", "tags": ["a"]} for number in range(230)])
    assert await merge(mill, ["none", "a"], "b") == (230, 4)
    assert set(await tags(mill)) == {("b",)}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"from": [], "into": "a"},
        {"from": ["a"], "into": "a"},
        {"from": ["a"], "into": ""},
        {"from": ["a"], "into": " "},
        {"from": [" "], "into": "a"},
        {"from": ["a\x00"], "into": "b"},
        {"from": ["a"], "into": "x" * 101},
        {"from": ["x" * 101], "into": "a"},
        {"from": [f"{number}" for number in range(21)], "into": "a"},
        {"from": "a", "into": "b"},
    ],
)
async def test_merge_when_it_makes_no_sense_then_is_refused(mill: Searching, body: dict[str, Any]) -> None:
    """Before anything is changed."""
    answer = await mill.client.post("/tags/merge", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request"), answer.text


async def test_merge_when_the_cursor_is_of_another_then_is_refused(mill: Searching) -> None:
    """It would go on in the middle of something else."""
    await mill.put(*[{"filename": f"{number}.txt", "tags": ["a"]} for number in range(3)])
    first = await mill.client.post("/tags/merge", json={"from": ["x", "a"], "into": "b"})
    cursor = first.json()["next_cursor"]
    for body in ({"from": ["a", "x"], "into": "b"}, {"from": ["x", "a"], "into": "c"}):
        answer = await mill.client.post("/tags/merge", params={"cursor": cursor}, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
