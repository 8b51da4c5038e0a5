"""Hybrid search and similar files, with vectors that the real ai service makes with a tiny real model."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from filemill.chassis.database.database import Tx
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.contracts.ai import FileAnalyzed, Finding
from filemill.contracts.ids import LOCAL_OWNER
from filemill.contracts.topics import Topic
from filemill.metadata import catalogue, vectors_repository
from filemill.metadata.search.vector_keeper import VectorKeeper
from filemill.metadata.tables import documents, vectors
from support import samples
from support.real_ai import RealAi, real_ai
from support.searching import ENGINES, NOBODY, Searching, searching

TEXTS = {
    "bill.txt": "invoice total invoice total",
    "hike.txt": "mountain river mountain river",
    "both.txt": "the invoice of the mountain",
    "plain.txt": "nothing of that",
    "again.txt": "total invoice invoice the",
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def mill_with(
    engine: str, folder: Path, request: pytest.FixtureRequest, ai_url: str
) -> AsyncIterator[tuple[Searching, VectorKeeper]]:
    client = ServiceClient("ai", ai_url, total_s=10.0)
    async with searching(engine, folder, request.getfixturevalue, ai_url) as mill:
        try:
            yield mill, VectorKeeper(mill.database, client)
        finally:
            await client.close()


async def told(mill: Searching, file_id: str, finding: Finding, run: int = 1) -> None:
    """The news of an analysis comes in."""
    data = samples.analyzed(file_id, owner_id=LOCAL_OWNER, run=run, findings=[finding.model_dump(mode="json")])
    event = samples.event(Topic.ANALYZED, data)

    def take(tx: Tx) -> None:
        catalogue.analyzed(tx, event, FileAnalyzed.model_validate(event.data))

    await mill.database.write("test.told", take)


async def put_all(mill: Searching, ai: RealAi, keeper: VectorKeeper) -> dict[str, str]:
    """The texts with their vectors; returns ids by name."""
    ids = await mill.put(*({"filename": name, "body": body} for name, body in TEXTS.items()))
    for file_id, body in zip(ids, TEXTS.values(), strict=True):
        await told(mill, file_id, await ai.learn(file_id, [body]))
    assert await keeper.keep_some()
    return dict(zip(TEXTS, ids, strict=True))


async def _hybrid(mill: Searching, ai: RealAi, keeper: VectorKeeper) -> None:
    ids = await put_all(mill, ai, keeper)
    page = await mill.find(q="total", mode="hybrid")
    assert page["semantic"] | {"model": ""} == {
        "used": True, "method": "exact scan", "model": "", "compared": 5, "bounded": False,
        "of_other_models": 0, "reason": None,
    }  # fmt: skip
    (bill,) = [hit for hit in page["items"] if hit["filename"] == "bill.txt"]
    assert set(bill["matched_in"]) == {"text", "meaning"}
    only_meant = [hit["filename"] for hit in page["items"] if hit["matched_in"] == ["meaning"]]
    assert set(only_meant) <= {"both.txt", "hike.txt", "plain.txt"}
    assert await mill.names(q="total -invoice", mode="hybrid") == [
        name for name in await mill.names(q="total", mode="hybrid") if "invoice" not in TEXTS[name]
    ]
    assert await mill.names(q='"invoice of the mountain"', mode="hybrid") == ["both.txt"]
    assert await mill.names(q="total type:pdf", mode="hybrid") == []
    whole = await mill.names(q="invoice", mode="hybrid", limit=50)
    paged, cursor = [], None
    while True:
        part = await mill.find(q="invoice", mode="hybrid", limit=1, **({"cursor": cursor} if cursor else {}))
        paged += [hit["filename"] for hit in part["items"]]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    assert paged == whole
    assert (
        await mill.client.get("/files", params={"q": "invoice", "mode": "hybrid", "sort": "name"})
    ).status_code == 400
    alike = (await mill.client.get(f"/files/{ids['bill.txt']}/similar")).json()
    assert (alike["method"], alike["compared"]) == ("vectors", 4)
    assert alike["items"][0]["filename"] == "again.txt"


async def _mistyped(mill: Searching, ai: RealAi, keeper: VectorKeeper) -> None:
    await put_all(mill, ai, keeper)
    (more,) = await mill.put({"filename": "mountain.txt", "body": "mountain river"})
    await told(mill, more, await ai.learn(more, ["mountain river"]))
    assert await keeper.keep_some()
    page = await mill.find(q="Mountian", mode="hybrid", limit=2)
    assert page["corrected"] == {"mountian": "mountain"}
    assert page["items"][0]["file_id"] == more
    rest = await mill.find(q="Mountian", mode="hybrid", limit=50, cursor=page["next_cursor"])
    by_words = [hit["filename"] for hit in page["items"] + rest["items"] if hit["matched_in"] != ["meaning"]]
    assert sorted(by_words) == ["both.txt", "hike.txt", "mountain.txt"]
    little = await mill.find(q="mountain hikke", mode="hybrid")
    assert (little["corrected"], little["did_you_mean"]) == ({"hikke": "hike"}, {})
    assert "hike.txt" in [hit["filename"] for hit in little["items"]]


async def _two_models(mill: Searching, ai: RealAi, keeper: VectorKeeper) -> None:
    ids = await put_all(mill, ai, keeper)
    other = await ai.learn(ids["hike.txt"], ["river"], digest="f" * 64)
    await told(mill, ids["hike.txt"], other, run=2)
    assert await keeper.keep_some()
    page = await mill.find(q="river", mode="hybrid")
    assert (page["semantic"]["compared"], page["semantic"]["of_other_models"]) == (4, 1)
    (hike,) = [hit for hit in page["items"] if hit["filename"] == "hike.txt"]
    assert hike["matched_in"] == ["text"]
    await told(mill, ids["both.txt"], Finding(capability="embeddings", state="empty"), run=3)
    assert await keeper.keep_some()
    kept = await mill.database.read(lambda tx: tx.execute(vectors.select()).all())
    assert len(kept) == 4


async def _news_overtaken(mill: Searching, ai: RealAi, keeper: VectorKeeper) -> None:
    (file_id,) = await mill.put({"filename": "a.txt", "body": "invoice"})
    finding = await ai.learn(file_id, ["invoice"])
    await told(mill, file_id, finding.model_copy(update={"model_digest": "0" * 64}))
    (other,) = await mill.put({"filename": "b.txt", "body": "total"})
    await told(mill, other, await ai.learn(other, ["total"]))
    assert not await keeper.keep_some()  # ai has others than it told of: the next news says which
    assert len(await mill.database.read(vectors_repository.behind, 10, -1)) == 1
    await told(mill, file_id, finding, run=2)
    assert await keeper.keep_some()
    assert await mill.database.read(vectors_repository.behind, 10, -1) == []


@pytest.mark.parametrize("story", [_hybrid, _mistyped, _two_models, _news_overtaken])
async def test_meaning_when_ai_has_a_model_then(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, story: Any
) -> None:
    """Joined by rank, never of two models at once, and vectors follow the newest analysis."""
    running = real_ai(tmp_path / "ai")
    ai = await asyncio.to_thread(running.__enter__)
    try:
        async with mill_with(engine, tmp_path, request, ai.url) as (mill, keeper):
            await story(mill, ai, keeper)
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


async def test_hybrid_when_ai_is_away_then_words_alone_and_it_says_so(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The pages that follow keep the order of words, though ai came back."""
    async with searching(engine, tmp_path, request.getfixturevalue, NOBODY) as mill:
        await mill.put(*({"filename": f"{number}.txt", "body": "invoice"} for number in range(5)))
        page = await mill.find(q="invoice", mode="hybrid", limit=3)
        assert page["semantic"]["used"] is False
        assert "words alone" in page["semantic"]["reason"]
        rest = await mill.find(q="invoice", mode="hybrid", limit=3, cursor=page["next_cursor"])
        assert len({hit["file_id"] for hit in page["items"] + rest["items"]}) == 5
        assert (await mill.client.get("/files", params={"q": "", "mode": "hybrid"})).status_code == 400


async def test_hybrid_when_no_model_is_pulled_then_words_alone_and_it_names_the_way(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A 404 of ai is an answer."""
    running = real_ai(tmp_path / "ai", model=False)
    ai = await asyncio.to_thread(running.__enter__)
    try:
        async with searching("sqlite", tmp_path, request.getfixturevalue, ai.url) as mill:
            await mill.put({"filename": "a.txt", "body": "invoice"})
            page = await mill.find(q="invoice", mode="hybrid")
            assert [hit["filename"] for hit in page["items"]] == ["a.txt"]
            assert "models" in page["semantic"]["reason"]
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


async def test_similar_when_a_short_text_has_each_word_once_then_they_count_more_than_a_name(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Rare words of the text over the words of names and types, which many files have."""
    async with searching(engine, tmp_path, request.getfixturevalue) as mill:
        others = [{"filename": f"note {number}.txt", "body": f"Something else, {number}."} for number in range(8)]
        ids = await mill.put(
            {"filename": "note.txt", "body": "The wombat sleeps beneath a eucalyptus."},
            {"filename": "other.txt", "body": "The wombat sleeps beneath a eucalyptus, again."},
            *others,
        )
        alike = (await mill.client.get(f"/files/{ids[0]}/similar")).json()
        assert alike["items"][0]["filename"] == "other.txt"


async def test_similar_when_there_are_no_vectors_then_words_tell_and_pictures_by_their_hash(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The nearest first, itself never, and nobody else's."""
    async with searching(engine, tmp_path, request.getfixturevalue) as mill:
        ids = await mill.put(
            {"filename": "one.txt", "body": "kettle warranty repair kettle spout warranty"},
            {"filename": "two.txt", "body": "kettle warranty repair spout"},
            {"filename": "three.txt", "body": "kettle soup"},
            {"filename": "four.txt", "body": "mountain river hike"},
            {"filename": "five.txt", "body": "kettle warranty repair spout", "owner_id": "eve"},
        )
        alike = (await mill.client.get(f"/files/{ids[0]}/similar")).json()
        assert [hit["filename"] for hit in alike["items"]] == ["two.txt", "three.txt"]
        assert (alike["method"], alike["compared"]) == ("words", 2)
        assert 1.0 >= alike["items"][0]["similarity"] > alike["items"][1]["similarity"]
        pictures = await mill.put(*({"filename": f"{name}.png"} for name in "abcd"))
        hashes = [0x7FFF0000FFFF0000, 0x7FFF0000FFFF0003, -1, 0x7FFF0000FFFF0000 ^ ((1 << 11) - 1)]
        for file_id, value in zip(pictures, hashes, strict=True):
            change = update(documents).where(documents.c.file_id == file_id).values(picture_hash=value)
            await mill.database.write("test.hash", lambda tx, change=change: tx.execute(change) and None)
        alike = (await mill.client.get(f"/files/{pictures[0]}/similar")).json()
        assert [(hit["filename"], hit["similarity"]) for hit in alike["items"]] == [("b.png", 1 - 2 / 64)]
        assert (alike["method"], alike["compared"]) == ("picture-hash", 3)
        assert (await mill.client.get(f"/files/{ids[4]}/similar")).status_code == 404
        assert (await mill.client.get(f"/files/{ids[0]}/similar?limit=0")).status_code in (400, 422)
