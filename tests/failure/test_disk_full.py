"""A full disk, at each place an upload writes to: 507, nothing kept, and it heals without a restart."""

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from filemill.chassis.database.migrate import migrate
from filemill.chassis.web.drain_protocol import DrainProtocol
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.raw_http import file_part, post, request
from support.tiny_disk import fill_up, tiny_disk
from support.web_server import Answer, WebServer, Wire, serving

LARGE = random.Random(8).randbytes(1_500_000)
SMALL = LARGE[:20_000]
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(LARGE), LARGE)
UPLOADS = {
    "a thread writes a raw body": request("PUT", "/files", body=LARGE),
    "a thread writes a form": post(file_part(LARGE)),
    "the loop writes a chunked body": request("PUT", "/files", "Transfer-Encoding: chunked", length="") + CHUNKED,
    "a small body joins a batch": post(file_part(SMALL)),
}
KEYED = request("PUT", "/files", "Idempotency-Key: k1", body=LARGE)
ROOM_MIB = 8


@contextmanager
def upload_service(folder: Path, data_dir: Path, store: Path) -> Iterator[WebServer]:
    settings = UploadSettings(data_dir=data_dir, storage_url=f"file://{store}", min_free_disk_bytes=0)
    migrate(settings)

    async def app() -> ASGIApp:
        return await build(settings)

    with serving(app, DrainProtocol, folder / "w") as web:
        assert send(web, post(file_part(SMALL))).status == 201
        yield web


def send(web: WebServer, data: bytes) -> Answer:
    with web.connect() as connection:
        connection.sendall(data)
        return Wire(connection).answer()


def files_of(web: WebServer) -> int:
    answer = send(web, request("GET", "/stats"))
    return int(json.loads(answer.body)["files"])


def must_be_full(web: WebServer, data: bytes) -> None:
    answer = send(web, data)
    assert (answer.status, json.loads(answer.body)["code"]) == (507, "storage-full"), answer


@pytest.mark.parametrize("upload", UPLOADS)
def test_upload_when_the_store_is_full_then_507_and_it_heals(tmp_path: Path, upload: str) -> None:
    """By a thread, by the loop, in a batch: refused, no row, no half-written file; taken again once there is room."""
    with tiny_disk(tmp_path / "tiny", ROOM_MIB) as disk, upload_service(tmp_path, tmp_path / "data", disk) as web:
        fill_up(disk / "filler")
        for _ in range(2):
            must_be_full(web, UPLOADS[upload])
        assert files_of(web) == 1
        assert not list((disk / "partial").glob("*~*"))
        os.truncate(disk / "filler", 0)
        for again in UPLOADS.values():
            assert send(web, again).status == 201


def test_upload_when_the_disk_fills_up_in_the_middle_then_507_and_the_room_is_back(tmp_path: Path) -> None:
    """There was room for a part of the body: it is given back."""
    with tiny_disk(tmp_path / "tiny", ROOM_MIB) as disk, upload_service(tmp_path, tmp_path / "data", disk) as web:
        fill_up(disk / "filler")
        os.truncate(disk / "filler", (disk / "filler").stat().st_size - 700_000)
        for upload in ("a thread writes a raw body", "a thread writes a form", "the loop writes a chunked body"):
            must_be_full(web, UPLOADS[upload])
            assert not list((disk / "partial").glob("*~*"))
        assert send(web, UPLOADS["a small body joins a batch"]).status == 201
        assert files_of(web) == 2


@pytest.mark.parametrize("upload", [*UPLOADS.values(), KEYED], ids=[*UPLOADS, "the idempotency key is written"])
def test_upload_when_the_database_is_full_then_507_and_it_heals(tmp_path: Path, upload: bytes) -> None:
    """The body is stored, its row cannot be: the body is given up."""
    with tiny_disk(tmp_path / "tiny", ROOM_MIB) as disk, upload_service(tmp_path, disk, tmp_path / "store") as web:
        fill_up(disk / "filler")
        must_be_full_after_a_few(web, upload)
        blobs = [path for path in (tmp_path / "store" / "blobs").rglob("*") if path.is_file()]
        os.truncate(disk / "filler", 0)
        assert send(web, upload).status == 201
        assert len(blobs) <= files_of(web)


def must_be_full_after_a_few(web: WebServer, upload: bytes) -> None:
    """The database may have pages to spare for a few rows."""
    for _ in range(200):
        answer = send(web, upload.replace(b"Key: k1", b"Key: k%d" % random.randrange(10**9)))
        if answer.status != 201:
            break
    assert (answer.status, json.loads(answer.body)["code"]) == (507, "storage-full"), answer
