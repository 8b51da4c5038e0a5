"""Many files changed by a search, on each engine: those that match, once, with their audit entries; or only counted."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.searching import ENGINES, Searching, searching

FILES = 230
"""Three pages."""


@pytest.fixture(params=ENGINES)
async def mill(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Searching]:
    async with searching(request.param, tmp_path, request.getfixturevalue) as made:
        yield made


async def change(mill: Searching, body: dict[str, Any], **query: Any) -> dict[str, int]:
    """Every page; the sums."""
    total = {"matched": 0, "changed": 0, "refused": 0}
    cursor: str | None = None
    while True:
        answer = await mill.client.patch("/files", params=query | ({"cursor": cursor} if cursor else {}), json=body)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["dry_run"] == (query.get("dry_run") == "true")
        for name in total:
            total[name] += page[name]
        cursor = page["next_cursor"]
        if cursor is None:
            return total


async def rows(mill: Searching, query: str) -> list[tuple[Any, ...]]:
    return await mill.database.read(lambda tx: [tuple(row) for row in tx.exec_driver_sql(query)])


async def test_change_when_files_match_then_those_are_changed_once(mill: Searching) -> None:
    """A dry run counts and changes nothing; a second run finds nothing to change; every change is audited."""
    mine = [{"filename": f"{number}.txt", "body": "alpha", "tags": ["old", "kept"]} for number in range(FILES)]
    await mill.put(*mine, {"filename": "other.txt", "body": "beta"})
    await mill.put({"filename": "strange.txt", "body": "alpha", "owner_id": "another"})
    body = {"add_tags": ["new", "kept"], "remove_tags": ["old"], "custom": {"project": 7}}
    assert await change(mill, body, q="alpha", dry_run="true") == {"matched": FILES, "changed": FILES, "refused": 0}
    assert await rows(mill, "SELECT count(*) FROM audit") == [(0,)]
    assert await change(mill, body, q="alpha") == {"matched": FILES, "changed": FILES, "refused": 0}
    assert await change(mill, body, q="alpha") == {"matched": FILES, "changed": 0, "refused": 0}
    changed = await mill.client.get("/files", params={"q": "alpha", "limit": 500})
    assert {tuple(hit["tags"]) for hit in changed.json()["items"]} == {("kept", "new")}
    assert await rows(mill, "SELECT count(*), count(DISTINCT file_id) FROM audit WHERE action = 'changed'") == [
        (FILES, FILES)
    ]
    assert await rows(mill, "SELECT count(*) FROM documents WHERE revision > 1") == [(FILES,)]


async def test_change_when_what_is_asked_for_changes_by_it_then_every_page_is_met(mill: Searching) -> None:
    """Pages go by age, so a file that matches no more takes no other with it. Without a query it is every file."""
    await mill.put(*[{"filename": f"{number}.txt", "tags": ["a"]} for number in range(FILES)])
    assert (await change(mill, {"remove_tags": ["a"]}, tag="a"))["changed"] == FILES
    assert (await change(mill, {"custom": {"n": 1}}))["changed"] == FILES
    assert (await change(mill, {"custom": {"n": None}}))["changed"] == FILES
    assert await rows(mill, "SELECT count(*) FROM documents WHERE CAST(custom AS text) = '{}'") == [(FILES,)]


async def test_change_when_a_file_would_have_too_much_then_it_stays_and_is_counted(mill: Searching) -> None:
    """The others are changed."""
    full = [f"t{number}" for number in range(100)]
    await mill.put({"filename": "full.txt", "tags": full}, {"filename": "free.txt"})
    assert await change(mill, {"add_tags": ["one more"]}) == {"matched": 2, "changed": 1, "refused": 1}
    assert await change(mill, {"add_tags": ["t1"]}, q="full") == {"matched": 1, "changed": 0, "refused": 0}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"add_tags": []},
        {"add_tags": ["a"], "remove_tags": ["a"]},
        {"add_tags": [" "]},
        {"add_tags": ["x" * 101]},
        {"custom": {f"n{number}": 1 for number in range(101)}},
        {"custom": {"deep": [[[[[1]]]]]}},
        {"title": "all the same"},
        {"add_tags": "a"},
    ],
)
async def test_change_when_it_makes_no_sense_then_is_refused(mill: Searching, body: dict[str, Any]) -> None:
    """Before anything is changed."""
    await mill.put({"filename": "a.txt"})
    answer = await mill.client.patch("/files", json=body)
    assert answer.status_code == 400, answer.text
    assert await rows(mill, "SELECT count(*) FROM audit") == [(0,)]


async def test_change_when_the_cursor_is_of_a_search_then_is_refused(mill: Searching) -> None:
    """It would go on in the middle of something else."""
    await mill.put(*[{"filename": f"{number}.txt"} for number in range(3)])
    cursor = (await mill.find(limit=1, sort="newest"))["next_cursor"]
    answer = await mill.client.patch("/files", params={"cursor": cursor}, json={"add_tags": ["a"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
