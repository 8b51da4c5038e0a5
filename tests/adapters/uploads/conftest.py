"""An upload service in this process on each set of engines, and a client that speaks tus by hand."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.chassis.database.migrate import migrate
from filemill.chassis.database.postgresql_setup import share_out
from filemill.chassis.settings import load
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.asgi import running
from support.engines import EmbeddedEngines, Engines

CHUNK = "application/offset+octet-stream"


@dataclass
class Tus:
    """Calls a service as the protocol says; every answer must say the version."""

    client: httpx.AsyncClient

    async def call(self, method: str, url: str, content: Any = None, **headers: Any) -> httpx.Response:
        named = {name.replace("_", "-").title(): str(value) for name, value in headers.items() if value is not None}
        answer = await self.client.request(method, url, content=content, headers={"Tus-Resumable": "1.0.0"} | named)
        assert answer.headers.get("tus-resumable") == "1.0.0", f"{answer.status_code} {answer.text}"
        return answer

    async def create(self, **headers: Any) -> str:
        answer = await self.call("POST", "/tus/", **headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def patch(self, url: str, offset: int, data: Any, **headers: Any) -> httpx.Response:
        return await self.call("PATCH", url, data, content_type=CHUNK, upload_offset=offset, **headers)

    async def offset(self, url: str) -> int:
        answer = await self.call("HEAD", url)
        assert answer.status_code == 200
        return int(answer.headers["upload-offset"])

    async def file(self, answer: httpx.Response) -> dict[str, Any]:
        """The file that an answer names, with what it holds (`body`)."""
        link = answer.headers["filemill-file"]
        found: dict[str, Any] = (await self.client.get(link)).raise_for_status().json()
        content = (await self.client.get(f"{link}/content")).raise_for_status().content
        assert hashlib.sha256(content).hexdigest() == found["sha256"]
        return found | {"body": content}


@dataclass
class Installation:
    """Engines of a test's own; any number of services can be opened on them."""

    settings: UploadSettings
    engines: Engines

    @asynccontextmanager
    async def service(self, **changed: Any) -> AsyncIterator[Tus]:
        settings = self.settings.model_copy(update=changed)
        async with running(await build(settings)) as client:
            yield Tus(client)

    def kept(self) -> list[str]:
        """Everything that lies in the store, pieces and blobs."""
        if isinstance(self.engines, EmbeddedEngines):
            store = self.settings.data_dir / "store"
            found = {path.name for path in store.rglob("*") if path.is_file() and not path.name.startswith("small.db")}
            small = self.engines.blobs() if (store / "small.db").exists() else set()
            return sorted(found | {key.rpartition("/")[2] for key in small})
        return sorted(self.engines.blobs())

    def overwrite_part(self, upload_id: str, at: int, data: bytes) -> None:
        """Other bytes than were sent, in the store itself."""
        [(pieces,)] = self.engines.rows("upload", "SELECT pieces FROM upload_sessions WHERE upload_id = ?", upload_id)
        self.engines.overwrite(json.loads(pieces)[at][0], data)

    def files(self) -> list[tuple[Any, ...]]:
        return self.engines.rows("upload", "SELECT file_id, sha256, size FROM files")

    def sessions(self) -> list[tuple[Any, ...]]:
        return self.engines.rows("upload", "SELECT upload_id, state, received, size FROM upload_sessions")


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
async def installation(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """SQLite and a folder; PostgreSQL and a bucket."""
    data = tmp_path / "data"
    engines: Engines = EmbeddedEngines(data)
    if request.param == "servers":
        make: Callable[[], Engines] = request.getfixturevalue("server_engines")
        engines = make()
        environment = engines.environment()
        urls = await share_out(environment["DATABASE_URL"], ["upload"])
        for name, value in (environment | {"DATABASE_URL": urls["upload"]}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("RABBITMQ_URL")
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(data))
    monkeypatch.setenv("FILEMILL_MIN_FREE_DISK_BYTES", "0")
    settings = load(UploadSettings)
    await asyncio.to_thread(migrate, settings)
    return Installation(settings, engines)


@pytest.fixture
async def tus(installation: Installation) -> AsyncIterator[Tus]:
    """A service of 8 MiB files."""
    opened: AbstractAsyncContextManager[Tus] = installation.service(max_file_bytes=8 * 1024 * 1024)
    async with opened as made:
        yield made
