"""`GET /files/{id}/embeddings`: pages of vectors of one model, for their owner; and what is said where there are none."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.ai import repository
from filemill.ai.main import build
from filemill.ai.model_news import ModelNews
from filemill.ai.models.registry import open_registry
from filemill.ai.repository import NEW_VERSION, Vector, known
from filemill.ai.settings import AiSettings
from filemill.chassis.clock import now
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Tx
from filemill.chassis.database.migrate import migrate
from filemill.chassis.ids import new_id
from filemill.contracts.ai import Finding
from support import tiny_models
from support.asgi import running
from support.model_files import own_model
from support.servers.ports import free_ports


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AiSettings:
    monkeypatch.setenv("FILEMILL_UPLOAD_URL", f"http://127.0.0.1:{free_ports(1)[0]}")  # nobody answers there
    made = AiSettings(data_dir=tmp_path)
    migrate(made)
    return made


@pytest.fixture
async def client(settings: AiSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running(await build(settings)) as client:
        yield client


async def a_file(settings: AiSettings, *, owner: str = "local", chunks: int = 0, state: str = "done") -> str:
    """A file whose text has so many vectors."""
    database, file_id = build_database(settings), new_id()
    facts: dict[str, Any] = {"filename": "a.txt", "content_type": "text/plain", "size": 1, "sha256": "ab" * 32}
    finding = Finding(capability="embeddings", state=state, model="m", model_version="2", model_digest="d" * 64,
                      result={"chunks": chunks, "dimensions": 2})  # fmt: skip
    vectors = [Vector(at, 1, at * 10, at * 10 + 9, bytes([at]) * 8) for at in range(chunks)]

    def learn(tx: Tx) -> None:
        known.learn(tx, file_id, owner, 1, "blobs/x", **facts, uploaded_at=now(), **NEW_VERSION)
        repository.processed(tx, file_id, 1, 1, {})
        repository.keep(tx, file_id, owner, 1, [finding], "", now())
        repository.keep_vectors(tx, file_id, owner, 1, vectors)

    await database.write("test.learn", learn)
    await database.close()
    return file_id


async def test_embeddings_when_there_are_many_then_they_come_in_pages_of_one_model(
    client: httpx.AsyncClient, settings: AiSettings
) -> None:
    """Each page says which model; following the cursor gives every chunk once, in order."""
    file_id, cursor, seen = await a_file(settings, chunks=5), "", []
    for _ in range(3):
        page = (await client.get(f"/files/{file_id}/embeddings?limit=2{cursor}")).json()
        assert (page["model"], page["model_digest"], page["dimensions"]) == ("m", "d" * 64, 2)
        seen += page["items"]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert [(one["chunk"], one["start"], one["end"]) for one in seen] == [(at, at * 10, at * 10 + 9) for at in range(5)]
    assert base64.b64decode(seen[3]["vector"]) == b"\x03" * 8


async def test_embeddings_when_there_are_none_or_it_is_not_theirs_then_404(
    client: httpx.AsyncClient, settings: AiSettings
) -> None:
    """`no-embeddings` for a file of the caller; another's is not there, whatever it has."""
    mine, theirs = await a_file(settings, state="failed"), await a_file(settings, owner="another", chunks=3)
    none = await client.get(f"/files/{mine}/embeddings")
    assert (none.status_code, none.json()["code"]) == (404, "no-embeddings")
    foreign = await client.get(f"/files/{theirs}/embeddings")
    assert foreign.status_code in (404, 503)  # upload, which would be asked, is away here
    assert "items" not in foreign.json()
    assert (await client.get(f"/files/{mine}/embeddings?limit=201")).status_code in (400, 422)


async def test_models_when_one_was_put_into_the_folder_then_it_is_listed_and_health_is_fine(
    tmp_path: Path, settings: AiSettings
) -> None:
    """A broken one beside it is no reason not to work."""
    own_model(tmp_path / "models", {"model.onnx": b"x", "tokenizer.json": b"{}"})
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "model.toml").write_text("nonsense")
    async with running(await build(settings)) as client:
        listed = {one["id"]: one for one in (await client.get("/models")).json()["items"]}
        assert listed["of-test"]["state"] == "ready"
        assert listed["minilm-l6"]["state"] == "needs-download"
        assert (listed["broken"]["state"], listed["broken"]["capability"]) == ("failed", "unknown")
        assert (await client.get("/health")).status_code == 200


async def test_models_when_a_worker_has_news_then_they_are_shown_until_they_are_old(
    client: httpx.AsyncClient, tmp_path: Path, settings: AiSettings
) -> None:
    """The models run in another process; a failure that one worker met is not hidden by another that is well."""
    own_model(tmp_path / "models", {"model.onnx": b"x", "tokenizer.json": b"{}"})
    registry, database = open_registry(tmp_path / "models"), build_database(settings)

    async def shown() -> tuple[str, str | None]:
        async with running(await build(settings)) as fresh:
            listed = {one["id"]: one for one in (await fresh.get("/models")).json()["items"]}
            return listed["of-test"]["state"], listed["of-test"].get("reason")

    news, others = ModelNews(database, registry, "me"), ModelNews(database, open_registry(tmp_path / "models"), "other")
    await others.tell()
    assert await shown() == ("ready", None)
    registry.note("of-test", "loaded")
    await news.tell()
    assert await shown() == ("loaded", None)
    await database.write("test.tell", repository.tell_models, "other", {"of-test": ("failed", "It crashed.")}, 60.0)
    assert await shown() == ("failed", "It crashed.")
    await database.write("test.tell", repository.tell_models, "other", {"of-test": ("failed", "It crashed.")}, -1.0)
    assert await shown() == ("loaded", None)
    registry.note("of-test", "ready")
    await news.tell()
    assert await shown() == ("ready", None)
    await database.close()


async def test_embed_when_a_question_is_asked_then_it_is_a_vector_of_the_same_model(
    client: httpx.AsyncClient, tmp_path: Path, settings: AiSettings
) -> None:
    """Without a model it says how to get one; with one the answer names it, so that nobody compares two."""
    none = await client.post("/embed", json={"texts": ["invoice"]})
    assert (none.status_code, none.json()["code"]) == (404, "no-model")
    assert "filemill models pull minilm-l6" in none.json()["detail"]
    files = {"model.onnx": tiny_models.encoder(), "tokenizer.json": tiny_models.tokenizer()}
    folder = own_model(tmp_path / "models", files)
    async with running(await build(settings)) as fresh:
        answer = await fresh.post("/embed", json={"texts": ["the invoice", "the river"]})
        body = answer.json()
        assert (answer.status_code, body["model"], body["dimensions"]) == (200, "of-test", tiny_models.WIDTH)
        assert len({*body["vectors"]}) == 2
        for texts in ([], ["x"] * 33, ["x" * 4001]):
            assert (await fresh.post("/embed", json={"texts": texts})).status_code in (400, 422)
    (folder / "model.onnx").write_bytes(files["model.onnx"][:-1] + b"x")
    async with running(await build(settings)) as fresh:
        broken = await fresh.post("/embed", json={"texts": ["invoice"]})
        assert (broken.status_code, broken.json()["code"]) == (503, "model-failed")
        assert (await fresh.get("/health")).status_code == 200
