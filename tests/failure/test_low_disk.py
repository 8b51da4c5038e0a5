"""The low-disk floor on a real, small file system: uploads are refused by every way in, deleting and purging go on."""

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from filemill.chassis.database.migrate import migrate
from filemill.chassis.web.drain_protocol import DrainProtocol
from filemill.upload import room
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.tiny_disk import tiny_disk
from support.web_server import serving

MIB = 1024 * 1024
FLOOR_BYTES = 4 * MIB
BODY = random.Random(9).randbytes(300_000)
TUS = {"Tus-Resumable": "1.0.0"}


@contextmanager
def service(folder: Path, disk: Path) -> Iterator[httpx.Client]:
    settings = UploadSettings(data_dir=disk, min_free_disk_bytes=FLOOR_BYTES)
    migrate(settings)

    async def app() -> ASGIApp:
        return await build(settings)

    with (
        serving(app, DrainProtocol, folder / "w") as web,
        httpx.Client(base_url=f"http://127.0.0.1:{web.port}") as client,
    ):
        yield client


def fill_to(disk: Path, free_bytes: int) -> None:
    found = os.statvfs(disk)
    with (disk / "filler").open("ab") as filler:
        filler.write(bytes(found.f_bavail * found.f_frsize - free_bytes))


def in_chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[at : at + 50_000] for at in range(0, len(body), 50_000))


def every_way_in(client: httpx.Client, file_id: str, tus: str, part: str) -> dict[str, httpx.Response]:
    chunk = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    return {
        "form": client.post("/files", files={"file": ("a.bin", BODY)}),
        "small form": client.post("/files", files={"file": ("a.bin", b"small")}),
        "raw": client.put("/files", content=BODY),
        "chunked": client.put("/files", content=in_chunks(BODY)),
        "version": client.put(f"/files/{file_id}/content", content=BODY),
        "tus": client.post("/tus/", headers=TUS | {"Upload-Length": "10"}),
        "tus, a part": client.patch(tus, content=BODY, headers=chunk),
        "tus, a part in chunks": client.patch(tus, content=in_chunks(BODY), headers=chunk),
        "direct": client.post("/uploads", json={"filename": "a.bin", "size": 10}),
        "direct, a part": client.put(part, content=BODY),
    }


def test_upload_when_the_disk_is_at_its_floor_then_507_and_delete_and_purge_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `Retry-After`, nothing written; said in the health; back by itself once there is room."""
    monkeypatch.setattr(room, "LOOK_EVERY_S", 0.0)
    with tiny_disk(tmp_path / "tiny", 24) as disk, service(tmp_path, disk) as client:
        files = [client.put("/files", content=b"kept %d" % at).json()["file_id"] for at in range(3)]
        tus = client.post("/tus/", headers=TUS | {"Upload-Length": str(len(BODY))}).headers["location"]
        part = client.post("/uploads", json={"filename": "a.bin", "size": len(BODY)}).json()["parts"][0]["url"]
        assert client.get("/health").json()["dependencies"]["disk"]["status"] == "ok"
        assert client.get("/limits").json()["min_free_disk_bytes"] == FLOOR_BYTES

        fill_to(disk, FLOOR_BYTES - MIB)
        for way, answer in every_way_in(client, files[0], tus, part).items():
            said = (answer.status_code, answer.json()["code"], answer.headers.get("retry-after"))
            assert said == (507, "storage-full", "30"), (way, answer.text)
        assert client.head(tus, headers=TUS).headers["upload-offset"] == "0"
        disk_health = client.get("/health").json()["dependencies"]["disk"]
        assert disk_health["status"] == "degraded"
        assert "FILEMILL_MIN_FREE_DISK_BYTES" in disk_health["detail"]

        assert client.get(f"/files/{files[0]}/content").content == b"kept 0"
        assert client.delete(f"/files/{files[0]}").status_code == 204
        assert client.post(f"/files/{files[0]}/restore").status_code == 200
        assert client.delete(f"/files/{files[1]}?purge=true").status_code == 202

        os.truncate(disk / "filler", 0)
        answers = every_way_in(client, files[0], tus, part)
        refused = {way: json.loads(answer.content) for way, answer in answers.items() if not answer.is_success}
        assert refused.keys() <= {"tus, a part in chunks"}, refused  # its bytes came with the request before


def test_upload_when_the_floor_is_reached_in_the_middle_of_a_body_without_length_then_507(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The databases keep their room, whoever sends how much."""
    monkeypatch.setattr(room, "LOOK_EVERY_S", 0.0)
    with tiny_disk(tmp_path / "tiny", 24) as disk, service(tmp_path, disk) as client:
        client.put("/files", content=b"first")
        fill_to(disk, FLOOR_BYTES + MIB)
        answer = client.put("/files", content=in_chunks(BODY * 20))
        assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")
        assert client.get("/stats").json()["files"] == 1
        found = os.statvfs(disk)
        assert found.f_bavail * found.f_frsize > FLOOR_BYTES
