"""What is asked wrongly, or too early, or about somebody else's file: refused by name, or it waits and says so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.ai import consumers
from filemill.ai.main import build
from filemill.ai.repository import NEW_VERSION, job_queue, known
from filemill.ai.settings import AiSettings
from filemill.chassis.clock import now
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Tx
from filemill.chassis.database.migrate import migrate
from filemill.chassis.ids import new_id
from filemill.contracts.topics import Topic
from support import samples
from support.asgi import running
from support.model_files import FileServer, serving


@pytest.fixture
async def client(settings: AiSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The ai service without its worker; upload answers that it knows no file of the caller's."""
    async with running(await build(settings)) as client:
        yield client


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(FileServer({})) as upload:
        monkeypatch.setenv("FILEMILL_UPLOAD_URL", upload.url)
        made = AiSettings(data_dir=tmp_path)
        migrate(made)
        yield made


async def an_unprocessed_file(settings: AiSettings, owner: str = "local") -> str:
    database, file_id = build_database(settings), new_id()
    facts: dict[str, Any] = {"filename": "a.txt", "content_type": "text/plain", "size": 1, "sha256": "ab" * 32}
    await database.write(
        "test.learn",
        lambda tx: known.learn(tx, file_id, owner, 1, "blobs/x", **facts, uploaded_at=now(), **NEW_VERSION),
    )
    await database.close()
    return file_id


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"capabilities": ["telepathy"]}, "unknown-capability"),
     ({"capabilities": ["language", "telepathy"]}, "unknown-capability"),
     ({"options": {"a": {"b": {"c": {"d": {"e": 1}}}}}}, "bad-request"), ({"capabilities": "language"}, "bad-request")],
)  # fmt: skip
async def test_analyze_when_the_question_makes_no_sense_then_400_and_no_job(
    client: httpx.AsyncClient, settings: AiSettings, asked: Any, code: str
) -> None:
    """The answer names what there is; nothing is queued, not even the part that would make sense."""
    file_id = await an_unprocessed_file(settings)
    answer = await client.post(f"/analyze/{file_id}", json=asked)
    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)
    if code == "unknown-capability":
        assert "there are language" in answer.json()["detail"]
    assert (await client.get("/jobs")).json()["items"] == []


async def test_analyze_when_the_file_is_anothers_then_it_is_as_if_there_were_none(
    client: httpx.AsyncClient, settings: AiSettings
) -> None:
    """404 for each question about it, in the words for a file that nobody has."""
    theirs, nobodys = await an_unprocessed_file(settings, owner="another"), new_id()

    async def told(file_id: str) -> list[tuple[int, Any]]:
        answers = [await client.post(f"/analyze/{file_id}")]
        answers += [await client.get(f"/files/{file_id}/{what}") for what in ("findings", "embeddings")]
        return [(one.status_code, one.json()["detail"]) for one in answers]

    assert await told(theirs) == await told(nobodys) == [(404, "There is no such file.")] * 3


async def test_analyze_when_the_file_is_not_processed_yet_then_the_job_waits_for_it_and_then_runs(
    client: httpx.AsyncClient, settings: AiSettings
) -> None:
    """202 at once; no worker gets it before there is a text to look at, and at once afterwards."""
    file_id = await an_unprocessed_file(settings)
    answer = await client.post(f"/analyze/{file_id}", json={"capabilities": ["language"]})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    database = build_database(settings)
    assert await database.write("test.claim", job_queue.claim, "me") is None
    event = samples.event(Topic.PROCESSED, samples.processed(file_id, owner_id="local"))

    def processed(tx: Tx) -> None:
        consumers.on_processed(tx, event, deadline_s=60.0)

    await database.write("test.processed", processed)
    job = await database.write("test.claim", job_queue.claim, "me")
    assert job is not None
    assert (job.job_id, job.payload["capabilities"]) == (answer.json()["job_id"], ["language"])
    await database.close()
