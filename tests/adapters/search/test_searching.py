"""Search over HTTP on each engine: spelling, orders, cursors, and whatever anybody may type."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from support.naughty import BAD
from support.searching import ENGINES, Searching, searching


@pytest.fixture(params=ENGINES)
async def mill(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Searching]:
    async with searching(request.param, tmp_path, request.getfixturevalue) as made:
        yield made


async def walk(mill: Searching, between: Any = None, **query: Any) -> list[str]:
    """The names of every page; `between` is awaited after each."""
    names: list[str] = []
    cursor = None
    while True:
        page = await mill.find(**query, **({"cursor": cursor} if cursor else {}))
        names += [hit["filename"] for hit in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return names
        if between:
            await between()


async def test_find_when_a_name_is_mistyped_then_the_nearest_word_is_taken_and_named(mill: Searching) -> None:
    """Only where nothing is found; a word that some text has is never replaced."""
    await mill.put(
        {"filename": "Rechnung Wasserkocher.pdf"},
        {"filename": "notes.txt", "title": "Quillfeather contract", "body": "we kontract nothing"},
    )
    for typed, meant in (("recnung", "rechnung"), ("Wasserkcoher", "wasserkocher"), ("quilfether", "quillfeather")):
        page = await mill.find(q=typed)
        assert page["corrected"] == {typed.lower(): meant}
        assert len(page["items"]) == 1
    assert (await mill.find(q="rechnung"))["corrected"] == {}
    page = await mill.find(q="kontract")
    assert (page["corrected"], [hit["filename"] for hit in page["items"]]) == ({}, ["notes.txt"])
    for typed in ('"recnung"', "recnung*", "-recnung", "xyzzyplugh", "qqq"):
        assert (await mill.find(q=typed))["corrected"] == {}
    page = await mill.find(q="contrakt wasserkocher")
    assert (page["corrected"], page["items"]) == (
        {"contrakt": "contract"},
        [],
    )  # each word is there, but no file has both


@pytest.mark.parametrize("beside", ["", "created:>=1970", "size:>=1", "owner:me"])
async def test_find_when_a_word_is_only_excluded_then_it_is_every_file_without_it(mill: Searching, beside: str) -> None:
    """Not nothing: whoever types it wants the others. Signs that are no word still find nothing."""
    await mill.put(
        {"filename": "a.txt", "body": "alpha", "size": 5},
        {"filename": "b.txt", "body": "beta draft", "size": 10},
        {"filename": "c.txt", "size": 1},
    )
    assert await mill.names(q=f"-draft {beside}") == ["c.txt", "a.txt"]
    assert await mill.names(q=f"-draft -alpha {beside}") == ["c.txt"]
    page = await mill.find(q=f"-draft {beside}")
    assert (sum(page["facets"]["type"].values()), page["corrected"]) == (2, {})
    assert await mill.names(q=f"- {beside}") == []


async def test_find_when_little_is_found_then_another_word_is_only_told_of(mill: Searching) -> None:
    """What was typed may have been meant."""
    await mill.put({"filename": "a.txt", "body": "kettel"}, {"filename": "kettle.txt"}, {"filename": "kettle 2.txt"})
    page = await mill.find(q="kettel kettel")
    assert [hit["filename"] for hit in page["items"]] == ["a.txt"]
    assert page["did_you_mean"] == {}  # a file has the word, so it is one
    await mill.put({"filename": "b.txt", "body": "copper"})
    assert (await mill.find(q="copper OR ketle"))["did_you_mean"] == {}


async def test_find_when_the_last_file_with_a_word_goes_then_the_word_is_suggested_no_more(mill: Searching) -> None:
    """The names of purged files are nobody's suggestion."""
    first, second = await mill.put({"filename": "zucchini one.txt"}, {"filename": "zucchini two.txt"})
    await mill.remove(first)
    assert (await mill.find(q="zuchini"))["corrected"] == {"zuchini": "zucchini"}
    await mill.remove(second)
    assert (await mill.find(q="zuchini"))["corrected"] == {}
    for table in ("vocabulary", "vocabulary_grams", "vocabulary_files"):
        rows = await mill.database.read(lambda tx, name: tx.exec_driver_sql(f"SELECT * FROM {name}").all(), table)
        assert rows == [], table


async def test_find_when_corrected_pages_go_on_then_they_stay_with_the_correction(mill: Searching) -> None:
    """Though the word as typed has come meanwhile."""
    await mill.put(*({"filename": f"kettle {number}.txt"} for number in range(7)))

    async def arrive() -> None:
        await mill.put({"filename": "ketle.txt"})

    names = await walk(mill, arrive, q="ketle", limit=3)
    assert sorted(names) == [f"kettle {number}.txt" for number in range(7)]


FILES = [("Zebra", 300), ("apple", 200), ("Äpfel", 100), ("banana", 200), ("zoo 10", 50), ("zoo 9", 50), ("Café", 1)]
BY_NAME = ["Äpfel", "apple", "banana", "Café", "Zebra", "zoo 10", "zoo 9"]
BY_SIZE = ["Zebra", "banana", "apple", "Äpfel", "zoo 9", "zoo 10", "Café"]
ORDERS = {
    "name": BY_NAME, "size": BY_SIZE, "oldest": [name for name, _ in FILES], "newest": [name for name, _ in FILES][::-1],
}  # fmt: skip


@pytest.mark.parametrize("words", ["", "harvest", "-absent", "tag:kept", "harvest size:>=1"])
@pytest.mark.parametrize("order", ORDERS)
async def test_find_when_it_is_sorted_then_pages_join_to_the_order_while_files_arrive(
    mill: Searching, order: str, words: str
) -> None:
    """Nothing twice and nothing left out, in lists and in searches, whatever comes between two pages."""
    await mill.put(*({"filename": name, "size": size, "body": "harvest", "tags": ["kept"]} for name, size in FILES))
    asked = {"sort": order, "limit": 2} | ({"q": words} if words else {})
    assert await walk(mill, **asked) == ORDERS[order]

    async def arrive() -> None:
        await mill.put({"filename": "middle new", "size": 150, "body": "harvest", "tags": ["kept"]})

    names = await walk(mill, arrive, **(asked | {"limit": 3}))
    assert [name for name in names if name != "middle new"] == ORDERS[order]


async def test_find_when_it_is_ranked_then_pages_join_to_one_order_while_better_files_arrive(mill: Searching) -> None:
    """What comes meanwhile is not in between, and moves nothing."""
    await mill.put(*({"filename": f"{n}.txt", "body": "harvest " * (n % 5 + 1) + "word " * (n % 3)} for n in range(20)))
    whole = await mill.names(q="harvest", limit=50)
    assert len(whole) == 20

    async def arrive() -> None:
        await mill.put({"filename": "harvest harvest", "title": "harvest", "body": "harvest"})

    assert await walk(mill, arrive, q="harvest", limit=3) == whole


def _changed(cursor: str, at: int, value: Any) -> str:
    position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    position[at] = value
    return base64.urlsafe_b64encode(orjson.dumps(position)).rstrip(b"=").decode()


async def test_find_when_a_cursor_was_changed_or_is_another_searchs_then_400(mill: Searching) -> None:
    """A cursor is good for the search that gave it out, and for nothing else."""
    await mill.put(*({"filename": f"{number}.txt", "body": "harvest report"} for number in range(9)))
    first = await mill.find(q="harvest", limit=3)
    cursor = first["next_cursor"]
    assert (await mill.client.get("/files", params={"q": "harvest", "limit": 3, "cursor": cursor})).status_code == 200
    wrong: list[dict[str, Any]] = [
        {"q": "report", "cursor": cursor}, {"q": "harvest", "sort": "newest", "cursor": cursor}, {"cursor": cursor},
        {"q": "harvest type:text", "cursor": cursor}, {"q": "harvest", "tag": "x", "cursor": cursor},
    ]  # fmt: skip
    wrong += [{"q": "harvest", "cursor": _changed(cursor, 1, value)} for value in (1, -1, 2**63, "x", None, [1])]
    wrong += [{"q": "harvest", "cursor": _changed(cursor, 3, value)} for value in ("", "[]", '["a",{}]', 5)]
    wrong += [
        {"q": "harvest", "cursor": text} for text in ("", "x", "💥", "e30", "W10", cursor[:-3], "A" * 1999, "A" * 3000)
    ]
    for query in wrong:
        answer = await mill.client.get("/files", params=query | {"limit": 3})
        assert 400 <= answer.status_code < 500, (query, answer.status_code)
        assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("sort", ["relevance", "newest", "name"])
async def test_find_when_anything_is_typed_then_it_is_answered_or_refused_in_words(mill: Searching, sort: str) -> None:
    """No 500, nothing of others, and a file that matches nothing is not found by accident."""
    await mill.put({"filename": "plain.txt", "body": "a plain text"})
    await mill.put({"filename": "secret.txt", "body": " ".join(BAD).replace("\x00", ""), "owner_id": "eve"})
    for typed in BAD:
        answer = await mill.client.get("/files", params={"q": typed, "sort": sort})
        assert answer.status_code in (200, 400, 422), (typed, answer.text)
        if answer.status_code == 200:
            assert {hit["filename"] for hit in answer.json()["items"]} <= {"plain.txt"}, typed
        else:
            assert answer.json()["detail"], typed


async def test_find_when_a_query_is_ten_kilobytes_or_a_parameter_is_no_value_then_4xx(mill: Searching) -> None:
    """Too long is said, not cut."""
    for query in ({"q": "word " * 2_000}, {"sort": "best"}, {"limit": 0}, {"limit": 10**9}, {"type": "x" * 500}):
        answer = await mill.client.get("/files", params=query)
        assert answer.status_code in (400, 422), query
    assert await mill.names(q="") == []
    assert (await mill.client.get("/files?q=%ff%fe%00")).status_code in (200, 400)


async def test_search_when_it_asks_for_files_before_1970_then_there_are_none(mill: Searching) -> None:
    """The first key there can be is a bound like any other: a rule for such files must not find all."""
    await mill.put({"filename": "a.txt", "body": "alpha"})
    assert await mill.names(q="created:<1970") == []
    assert await mill.names(q="alpha created:<1970") == []
    assert await mill.names(q="alpha created:<1969") == []
    assert await mill.names(created_before="1970-01-01T00:00:00Z") == []
    assert await mill.names(q="created:>=1970") == ["a.txt"]
