"""Saved searches on each engine: run by name, narrowed by what stands beside it, each of its owner alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.chassis.ids import new_id
from support.searching import ENGINES, Searching, searching


@pytest.fixture(params=ENGINES)
async def mill(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Searching]:
    async with searching(request.param, tmp_path, request.getfixturevalue) as made:
        yield made


async def save(mill: Searching, name: str, query: str, **more: Any) -> httpx.Response:
    return await mill.client.post("/searches", json={"name": name, "query": query} | more)


@pytest.mark.parametrize(
    ("query", "asked", "found"),
    [
        ("alpha", {}, ["c.txt", "b.txt", "a.txt"]),
        ("alpha", {"q": "beta"}, ["b.txt"]),
        ("alpha", {"tag": "x"}, ["c.txt"]),
        ("tag:x", {"q": "alpha"}, ["c.txt"]),
        ("-beta", {"q": "alpha"}, ["c.txt", "a.txt"]),
        ("-beta", {}, ["c.txt", "a.txt"]),
        ("tag:x", {"q": "tag:y"}, []),
        ("created:>=2026-01-01", {"q": "created:<2026-01-01"}, []),
        ("created:<1970", {"q": "alpha"}, []),
        ("size:>=20", {"q": "size:<=20"}, ["b.txt"]),
        ("owner:another", {"q": "alpha"}, []),
        ("owner:me", {"type": "text"}, ["c.txt", "b.txt", "a.txt"]),
    ],
)
async def test_find_when_a_search_is_saved_then_it_is_run_by_name_and_narrowed(
    mill: Searching, query: str, asked: dict[str, str], found: list[str]
) -> None:
    """As if both had been typed; an export takes it, too."""
    await mill.put(
        {"filename": "a.txt", "body": "alpha", "size": 10},
        {"filename": "b.txt", "body": "alpha beta", "size": 20},
        {"filename": "c.txt", "body": "alpha", "size": 30, "tags": ["x"]},
    )
    assert (await save(mill, "mine", query, sort="newest")).status_code == 201
    assert await mill.names(saved="mine", **asked) == found
    lines = await mill.client.get("/export", params={"saved": "mine", "format": "jsonl"} | asked)
    assert len(lines.text.splitlines()) == len(found)


async def test_find_when_it_is_sorted_then_by_what_was_saved_unless_said_and_pages_go_on(mill: Searching) -> None:
    """A cursor belongs to what the search was when the walk began."""
    await mill.put(*[{"filename": f"{name}.txt", "body": "alpha"} for name in "cab"])
    await save(mill, "mine", "alpha", sort="name")
    assert await mill.names(saved="mine") == ["a.txt", "b.txt", "c.txt"]
    assert await mill.names(saved="mine", sort="oldest") == ["c.txt", "a.txt", "b.txt"]
    page = await mill.find(saved="mine", limit=2)
    assert await mill.names(saved="mine", limit=2, cursor=page["next_cursor"]) == ["c.txt"]
    [kept] = (await mill.client.get("/searches")).json()["items"]
    await mill.client.delete(f"/searches/{kept['search_id']}")
    await save(mill, "mine", "beta", sort="name")
    answer = await mill.client.get("/files", params={"saved": "mine", "limit": 2, "cursor": page["next_cursor"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


async def test_searches_when_there_are_too_many_none_or_anothers_then_the_code_says_so(mill: Searching) -> None:
    """Their number is bounded; names are one each."""
    first = await save(mill, "n0", "alpha")
    assert (await save(mill, "n0", "beta")).json()["code"] == "conflict"
    for number in range(1, 100):
        assert (await save(mill, f"n{number}", "alpha")).status_code == 201
    assert (await save(mill, "one more", "alpha")).json()["code"] == "too-many-kept"
    assert len((await mill.client.get("/searches")).json()["items"]) == 100

    await mill.database.write("test", lambda tx: tx.exec_driver_sql("UPDATE saved_searches SET owner_id = 'another'"))
    assert (await mill.client.get("/searches")).json() == {"items": []}
    for search_id in (first.json()["search_id"], new_id(), "nothing"):
        assert (await mill.client.delete(f"/searches/{search_id}")).status_code == 404
    for name in ("n0", "", "a\x00"):
        assert (await mill.client.get("/files", params={"saved": name})).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"name": "", "query": "x"},
        {"name": " ", "query": "x"},
        {"name": "a\x00", "query": "x"},
        {"name": "n" * 101, "query": "x"},
        {"name": "a", "query": ""},
        {"name": "a", "query": "x" * 1001},
        {"name": "a", "query": "created:soon"},
        {"name": "a", "query": "x", "sort": "best"},
        {"name": "a", "query": "x", "mode": "magic"},
    ],
)
async def test_searches_when_it_makes_no_sense_then_is_refused(mill: Searching, body: dict[str, Any]) -> None:
    """Nothing is kept."""
    answer = await mill.client.post("/searches", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert (await mill.client.get("/searches")).json() == {"items": []}
