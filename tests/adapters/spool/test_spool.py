"""Uploads while the store is away: kept in the spool, or refused whole; completed once, whoever is killed in between."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.chassis.database.migrate import migrate
from filemill.chassis.errors import StartError
from filemill.cli.move import move_installation
from filemill.local.installation import opened, prepare
from filemill.local.verify import verify
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.asgi import running
from support.away_store import AwayStore
from support.spool_child import BODY

pytestmark = pytest.mark.long

LARGE = b"large " * 50_000
TESTS = Path(__file__).parents[2]


@dataclass
class Service:
    """An upload service over a store with a switch."""

    client: httpx.AsyncClient
    store: AwayStore
    data: Path

    async def put(self, body: bytes, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.client.put("/files?filename=a.txt", content=body, headers=headers)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return rows(self.data, query)

    async def blobs(self) -> int:
        return len([info async for info in self.store.inner.list()])


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(data / "databases" / "upload.db")) as db:
        return db.execute(query).fetchall()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - it is asked over HTTP or in a database
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(data: Path, *, spool: bool = True, **more: Any) -> AsyncIterator[Service]:
    settings = UploadSettings(data_dir=data, spool_dir=data / "spool" if spool else None, min_free_disk_bytes=0, **more)
    await asyncio.to_thread(migrate, settings)
    store = AwayStore(data / "store")
    async with running(await build(settings, store)) as client:
        yield Service(client, store, data)


UPLOADED = "SELECT count(*) FROM outbox WHERE json_extract(CAST(body AS TEXT), '$.type') = 'file.uploaded'"


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["small", "large"])
async def test_upload_when_the_store_is_away_then_it_is_queued_readable_and_completed_once_it_is_back(
    tmp_path: Path, body: bytes
) -> None:
    """202 and everything a file has but its event; then the same file, told of once."""
    async with serving(tmp_path) as service:
        service.store.away = True
        answer = await service.put(body, "key")
        file = answer.json()
        assert (answer.status_code, file["status"], file["size"]) == (202, "queued", len(body))
        again = await service.put(body, "key")
        assert (again.status_code, again.json()["file_id"]) == (202, file["file_id"])
        listed = (await service.client.get("/files")).json()["items"]
        assert [(one["file_id"], one["status"]) for one in listed] == [(file["file_id"], "queued")]
        content = await service.client.get(f"/files/{file['file_id']}/content")
        assert (content.status_code, content.content) == (200, body)
        health = (await service.client.get("/health")).json()
        assert health["status"] == "degraded"
        assert health["dependencies"]["spool"]["detail"] == "1 files wait for the store"
        assert service.rows(UPLOADED) == [(0,)]

        service.store.away = False
        await until(lambda: has_status(service, file["file_id"], "uploaded"))
        await until(lambda: is_empty(tmp_path / "spool"))
        assert service.rows(UPLOADED) == [(1,)]
        assert (await service.client.get(f"/files/{file['file_id']}/content")).content == body
        assert await service.blobs() == 1
        assert (await service.put(body, "key")).status_code == 201


async def has_status(service: Service, file_id: str, status: str) -> bool:
    return bool((await service.client.get(f"/files/{file_id}")).json()["status"] == status)


async def is_empty(spool: Path) -> bool:
    with closing(sqlite3.connect(spool / "small.db")) as db:
        return not list((spool / "blobs").glob("*/*")) and db.execute("SELECT count(*) FROM small").fetchone() == (0,)


@pytest.mark.parametrize("step", ["write", "commit"])
async def test_upload_when_the_store_fails_in_the_middle_then_what_arrived_is_not_asked_for_again(
    tmp_path: Path, step: str
) -> None:
    """The spool has had every byte from the first on."""
    async with serving(tmp_path) as service:
        service.store.fails_at = step
        answer = await service.put(LARGE)
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        content = await service.client.get(f"/files/{answer.json()['file_id']}/content")
        assert content.content == LARGE
        service.store.fails_at = ""
        await until(lambda: has_status(service, answer.json()["file_id"], "uploaded"))
        assert await service.blobs() == 1


async def test_upload_when_the_store_works_then_the_spool_keeps_nothing(tmp_path: Path) -> None:
    """The net below is taken away with the answer."""
    async with serving(tmp_path) as service:
        for body in (b"small", LARGE):
            assert (await service.put(body)).status_code == 201
        assert await is_empty(tmp_path / "spool")
        assert not list((tmp_path / "spool" / "partial").glob("*"))


@pytest.mark.parametrize("step", ["", "write", "commit"])
async def test_upload_when_there_is_no_spool_then_503_and_nothing_is_half_kept(tmp_path: Path, step: str) -> None:
    """problem+json with the code and when to come back; no row, no blob, and the key is free for the retry."""
    async with serving(tmp_path, spool=False) as service:
        service.store.away, service.store.fails_at = not step, step
        refused = await service.put(LARGE, "key")
        assert (refused.status_code, refused.json()["code"]) == (503, "dependency-unavailable")
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert service.rows("SELECT count(*) FROM files") == [(0,)]
        assert not list((tmp_path / "store" / "partial").glob("*"))
        service.store.away, service.store.fails_at = False, ""
        assert await service.blobs() == 0
        assert (await service.put(LARGE, "key")).status_code == 201


async def test_upload_when_the_spool_is_full_then_503_and_what_waits_stays(tmp_path: Path) -> None:
    """The spool is bounded; a smaller file still fits."""
    async with serving(tmp_path, spool_most_bytes=len(LARGE) + 100) as service:
        service.store.away = True
        assert (await service.put(LARGE)).status_code == 202
        refused = await service.put(LARGE)
        assert (refused.status_code, refused.json()["code"]) == (503, "dependency-unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        assert (await service.put(b"fits")).status_code == 202
        assert service.rows("SELECT count(*) FROM files") == [(2,)]
        service.store.away = False
        assert (await service.put(LARGE)).status_code == 201  # the net is too small, but it was not needed


async def test_queued_file_when_another_instance_holds_it_then_503_with_the_reason(tmp_path: Path) -> None:
    """Another instance knows the file and says where its bytes are."""
    async with serving(tmp_path) as holder, serving(tmp_path, spool=False) as other:
        holder.store.away = True
        file_id = (await holder.put(b"elsewhere")).json()["file_id"]
        answer = await other.client.get(f"/files/{file_id}/content")
        assert answer.status_code == 503
        assert "spool of another instance" in answer.json()["detail"]
        assert "retry-after" in answer.headers


async def test_queued_file_when_deleted_before_it_was_stored_then_it_is_in_the_trash_afterwards(tmp_path: Path) -> None:
    """A delete does not wait for the store, and completing does not bring the file back."""
    async with serving(tmp_path) as service:
        service.store.away = True
        file_id = (await service.put(b"not wanted any more")).json()["file_id"]
        assert (await service.client.delete(f"/files/{file_id}")).status_code == 204
        service.store.away = False

        async def completed() -> bool:
            return service.rows("SELECT count(*) FROM spooled") == [(0,)]

        await until(completed)
        assert (await service.client.get(f"/files/{file_id}")).status_code == 404
        assert (await service.client.post(f"/files/{file_id}/restore")).json()["status"] == "uploaded"


@pytest.mark.parametrize("harm", ["lost", "flipped"])
async def test_queued_file_when_the_volume_damaged_it_then_it_is_failed_with_a_reason(
    tmp_path: Path, harm: str
) -> None:
    """Bytes that are not the sent ones never reach the store as the file."""
    async with serving(tmp_path) as service:
        service.store.away = True
        file_id = (await service.put(LARGE)).json()["file_id"]
        (path,) = (tmp_path / "spool" / "blobs").glob("*/*")
        if harm == "lost":
            path.unlink()
        else:
            path.write_bytes(b"x" + path.read_bytes()[1:])
        service.store.away = False
        await until(lambda: has_status(service, file_id, "failed"))
        reason = (await service.client.get(f"/files/{file_id}")).json()["status_reason"]
        assert (reason["code"], reason["retryable"]) == ("spool-lost", False)
        assert await service.blobs() == 0
        assert service.rows(UPLOADED) == [(0,)]


async def test_verify_and_move_when_files_wait_in_the_spool_then_one_counts_and_the_other_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their bytes are on a volume that only this installation has."""
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path))
    await asyncio.to_thread(prepare, make=True)
    async with serving(tmp_path) as service:
        service.store.away = True
        assert (await service.put(b"waits")).status_code == 202
    async with opened() as mill:
        report = await verify(mill, lambda *_: None)
    assert (report.ok, report.files, report.spooled, report.blobs) == (True, 1, 1, 0)
    to_env = tmp_path / "production.env"
    to_env.write_text(f"FILEMILL_DATA_DIR={tmp_path / 'new'}\n")
    with pytest.raises(StartError, match="wait in the spool"):
        await asyncio.to_thread(move_installation, to_env, resume=False)


def child(data: Path, mode: str, size: str, crash: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(TESTS), "FILEMILL_TEST_CRASH": crash, "SPOOL_CHILD_SIZE": size}
    command = [sys.executable, "-m", "support.spool_child", str(data), mode]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


KILLS = [
    pytest.param("upload.spool.accept.in-tx", "1", marks=pytest.mark.slow),
    pytest.param("upload.spool.accept.committed", "1"),
    pytest.param("upload.blob-without-row", "9000"),
    pytest.param("upload.spool.stored", "1"),
    pytest.param("upload.spool.stored", "9000", marks=pytest.mark.slow),
    pytest.param("upload.spool.complete.in-tx", "9000"),
    pytest.param("upload.spool.complete.committed", "1"),
]


@pytest.mark.parametrize(("point", "size"), KILLS)
def test_spooled_upload_when_the_process_is_killed_then_it_is_completed_once(
    tmp_path: Path, point: str, size: str
) -> None:
    """`kill -9` at each point; the client retries with its key, the store comes back: one file, its bytes, one event."""
    early = "accept" in point or "without-row" in point
    if early:
        assert child(tmp_path, "away", size, f"{point}=1").returncode == -9
    queued = child(tmp_path, "away", size)
    assert queued.returncode == 0, queued.stderr
    status, file_id, state = queued.stdout.split()[-3:]
    assert (status, state) == ("202", "queued")
    if not early:
        assert child(tmp_path, "up", size, f"{point}=1").returncode == -9
    healed = child(tmp_path, "up", size)
    assert healed.returncode == 0, healed.stderr
    assert rows(tmp_path, "SELECT file_id, status, size FROM files") == [(file_id, "uploaded", len(BODY) * int(size))]
    assert rows(tmp_path, UPLOADED) == [(1,)]
    assert rows(tmp_path, "SELECT count(*) FROM spooled") == [(0,)]
