"""`POST /analyze/{id}?wait=`: an answer in time, or `timeout` with the last known result, marked as kept from before."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.ai import repository
from filemill.ai.main import build
from filemill.ai.repository import NEW_VERSION, known
from filemill.ai.settings import AiSettings
from filemill.chassis.clock import now
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Tx
from filemill.chassis.database.migrate import migrate
from filemill.chassis.ids import new_id
from filemill.contracts.ai import Finding
from support.asgi import running
from support.servers.ports import free_ports

OLD = Finding(capability="sentiment", state="done", result={"label": "positive"}, model="old", model_version="1")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AiSettings:
    monkeypatch.setenv("FILEMILL_UPLOAD_URL", f"http://127.0.0.1:{free_ports(1)[0]}")  # nobody answers there
    made = AiSettings(data_dir=tmp_path)
    migrate(made)
    return made


@pytest.fixture
async def client(settings: AiSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The ai service without its worker: nothing is ever analysed, as with a hung model."""
    async with running(await build(settings)) as client:
        yield client


async def a_file(settings: AiSettings, *findings: Finding) -> str:
    """A processed file, with what was found by an earlier analysis."""
    database, file_id = build_database(settings), new_id()
    facts: dict[str, Any] = {"filename": "a.txt", "content_type": "text/plain", "size": 1, "sha256": "ab" * 32}

    def learn(tx: Tx) -> None:
        known.learn(tx, file_id, "local", 1, "blobs/x", **facts, uploaded_at=now(), **NEW_VERSION)
        repository.processed(tx, file_id, 1, 1, {})
        repository.keep(tx, file_id, "local", 1, list(findings), "asked otherwise", now())

    await database.write("test.learn", learn)
    await database.close()
    return file_id


async def test_analyze_when_ai_is_slow_then_timeout_with_the_last_result_marked_cached(
    client: httpx.AsyncClient, settings: AiSettings
) -> None:
    """The caller has something to show, knows that it is old, and where the new one will be."""
    file_id = await a_file(settings, OLD)
    answer = await client.post(f"/analyze/{file_id}?wait=1")
    body = answer.json()
    assert (answer.status_code, body["status"], body["cached"]) == (202, "timeout", True)
    assert [(one["capability"], one["result"]) for one in body["last"]] == [("sentiment", {"label": "positive"})]
    job = (await client.get(f"/jobs/{body['job_id']}")).json()
    assert job["state"] == "queued"


async def test_analyze_when_ai_is_slow_and_nothing_is_known_then_timeout_says_so(
    client: httpx.AsyncClient, settings: AiSettings
) -> None:
    """No result is made up."""
    body = (await client.post(f"/analyze/{await a_file(settings)}?wait=1")).json()
    assert (body["status"], body["cached"], body.get("last")) == ("timeout", False, None)


async def test_analyze_when_upload_does_not_answer_then_503_within_half_a_second_and_health_is_degraded(
    client: httpx.AsyncClient,
) -> None:
    """A file this service does not know is asked for once; upload being away is said, and after five times not asked."""
    for _ in range(5):
        answer = await client.post(f"/analyze/{new_id()}")
        assert (answer.status_code, answer.json()["code"]) == (503, "dependency-unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    health = (await client.get("/health")).json()
    assert (health["status"], health["dependencies"]["upload"]["status"]) == ("degraded", "degraded")
    metrics = (await client.get("/metrics")).text
    assert 'filemill_breaker_open{dependency="upload"} 1.0' in metrics
