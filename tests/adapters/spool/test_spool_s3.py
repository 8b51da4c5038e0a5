"""The spool before a real S3 store behind a TCP proxy that refuses, falls silent, or breaks off: all is kept, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from filemill.chassis.database.migrate import migrate
from filemill.chassis.storage.remote_client import Patience
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.asgi import running
from support.blob_stores import S3Place, some_bytes
from support.fault_proxy import FaultProxy
from support.servers.swift import Swift

pytestmark = pytest.mark.servers

HASTY = Patience(connect_s=0.5, read_s=1.0, part_s=2.0, ask_s=2.0, send_s=3.0)
SIZES = (10, 100_000, 9_000_000)


@asynccontextmanager
async def serving(tmp_path: Path, place: S3Place, proxy: FaultProxy) -> AsyncIterator[httpx.AsyncClient]:
    settings = UploadSettings(data_dir=tmp_path, spool_dir=tmp_path / "spool", min_free_disk_bytes=0)
    await asyncio.to_thread(migrate, settings)
    async with running(await build(settings, place.through(proxy.port, HASTY))) as client:
        yield client


async def put(client: httpx.AsyncClient, size: int) -> tuple[int, str]:
    key = {"Idempotency-Key": f"body-{size}"}
    answer = await client.put("/files?filename=a.bin", content=some_bytes(size), headers=key, timeout=60)
    return answer.status_code, answer.json().get("file_id", "")


async def all_stored(client: httpx.AsyncClient, count: int) -> None:
    async with asyncio.timeout(60):
        while await _uploaded(client) < count:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.1)


async def _uploaded(client: httpx.AsyncClient) -> int:
    return sum(file["status"] == "uploaded" for file in (await client.get("/files")).json()["items"])


@pytest.mark.parametrize("how", ["refuses", pytest.param("silent", marks=pytest.mark.slow)])
async def test_uploads_when_s3_is_away_then_all_are_kept_and_brought_there_later(
    tmp_path: Path, swift_server: Swift, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Small, large and multipart bodies: 202, a service started meanwhile too; then each blob is in the bucket once."""
    place = S3Place(swift_server, monkeypatch)
    with FaultProxy(swift_server.port) as proxy:
        away, back = (proxy.down, proxy.up) if how == "refuses" else (proxy.pause, proxy.resume)
        async with serving(tmp_path, place, proxy) as client:
            assert (await put(client, 11))[0] == 201
            away()
            queued = [await put(client, size) for size in SIZES]
            assert [status for status, _ in queued] == [202] * len(SIZES)
        async with serving(tmp_path, place, proxy) as client:  # started while the store is away
            assert (await client.get("/health")).json()["status"] == "degraded"
            assert [await put(client, size) for size in SIZES] == queued
            back()
            await all_stored(client, 1 + len(SIZES))
            assert [(await put(client, size))[0] for size in SIZES] == [201] * len(SIZES)
            for (_, file_id), size in zip(queued, SIZES, strict=True):
                assert (await client.get(f"/files/{file_id}/content")).content == some_bytes(size)
        stored = sorted(swift_server.keys(place.bucket).values())
        if how == "silent":
            # A request that was given up may still arrive when the silence ends: bytes of nobody's, for the sweeper.
            assert set(stored) == {11, *SIZES}
        else:
            assert stored == sorted([11, *SIZES])


async def test_uploads_when_s3_breaks_off_in_the_middle_then_none_is_refused(
    tmp_path: Path, swift_server: Swift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every connection is cut again and again while bodies are on their way."""
    place = S3Place(swift_server, monkeypatch)
    with FaultProxy(swift_server.port) as proxy:
        async with serving(tmp_path, place, proxy) as client:
            uploads = [asyncio.create_task(put(client, size)) for size in (8_500_000, 9_500_000, 200_000)]
            for _ in range(6):
                proxy.cut()
                await asyncio.wait(uploads, timeout=0.1)
            answers = await asyncio.gather(*uploads)
            assert {status for status, _ in answers} <= {201, 202}
            await all_stored(client, len(uploads))
        assert sorted(swift_server.keys(place.bucket).values()) == [200_000, 8_500_000, 9_500_000]
