"""A real mill that asks for credentials, behind a real NGINX: what its users do, and what it costs in memory."""

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from support.callers import Callers, make_key, operate
from support.mill import Mill, wait_for
from support.servers import nginx
from support.servers.nginx import EdgeNginx
from support.servers.plugin import Servers

pytestmark = pytest.mark.servers
GIB = 1024**3
BLOCK = os.urandom(1024 * 1024)
FLAT_BYTES = 64 * 1024 * 1024
"""More than any of them has to gain; a body of a gigabyte that somebody gathers is far above."""


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that asks for keys; its uploads let NGINX send what lies in the store's folder."""
    mill = Mill(
        tmp_path_factory.mktemp("nginx") / "data",
        FILEMILL_AUTH="keys",
        FILEMILL_ACCEL_REDIRECT="on",
        FILEMILL_COMPRESSION="off",
    )
    try:
        yield mill.start()
    finally:
        mill.stop()


def upstreams_of(mill: Mill) -> dict[str, tuple[str, ...]]:
    """Where its services answer."""
    return {name: (f"127.0.0.1:{port}",) for name, port in mill.ports.items() if name != "gateway"}


@pytest.fixture(scope="module")
def edge(mill: Mill, servers: Servers) -> Iterator[EdgeNginx]:
    """NGINX as whoever the mill is, so that it can read the store."""
    if not nginx.PROGRAM.exists():
        servers.missing("NGINX is not installed (Debian: nginx-light)")
    as_root = {"run_as": "root"} if os.geteuid() == 0 else {}
    server = EdgeNginx(upstreams_of(mill), user=None, blobs_dir=str(mill.data_dir / "store"), **as_root)
    yield from servers.running(server)


@pytest.fixture(scope="module")
def url(edge: EdgeNginx) -> str:
    return f"http://127.0.0.1:{edge.port}"


@pytest.fixture(scope="module")
def ann(mill: Mill, client_with: Callers, url: str) -> httpx.Client:
    return client_with(mill, make_key(mill, "ann")["key"], url=url)


def test_every_service_when_asked_by_way_of_nginx_then_it_answers_with_links_that_lead_back(
    ann: httpx.Client, url: str
) -> None:
    """Upload, catalogue, search, jobs, models, webhooks, docs; and the health of all, as the local gateway tells it."""
    made = ann.post("/api/upload/files", files={"file": ("a.txt", b"A violin and a bow.")})
    assert made.status_code == 201
    file_id = made.json()["file_id"]
    assert made.headers["location"] == f"/api/upload/files/{file_id}"
    assert ann.get(made.json()["links"]["content"]).content == b"A violin and a bow."

    def processed() -> dict[str, Any] | None:
        known: dict[str, Any] = ann.get(made.json()["links"]["metadata"]).json()
        return known if known.get("status") == "processed" else None

    assert wait_for(processed, "the file to be processed", 60)
    found = wait_for(lambda: ann.get("/api/metadata/files?q=violin").json()["items"], "it to be found", 60)
    assert found[0]["file_id"] == file_id
    for path in (
        "/api/processing/jobs",
        "/api/ai/models",
        "/api/notifications/webhooks",
        "/api/session",
        "/api/access/keys",
    ):
        assert ann.get(path).status_code == 200, path
    for name in ("upload", "metadata", "processing", "ai", "notifications", "access"):
        assert f"/api/{name}/openapi.json" in ann.get(f"/api/{name}/docs").text
        assert httpx.get(f"{url}/api/{name}/health").json()["status"] == "ok"
    health = httpx.get(url + "/health").json()
    assert (health["status"], health["service"]) == ("ok", "gateway")
    assert set(health["services"]) == {"access", "upload", "metadata", "processing", "ai", "notification"}
    assert health == httpx.get(url + "/health").json()


def test_health_when_asked_at_either_edge_then_the_same(mill: Mill, url: str) -> None:
    """`access` sums for NGINX what the local gateway sums itself."""
    assert httpx.get(url + "/health").json() == httpx.get(mill.url + "/health").json()


def test_callers_when_they_come_by_way_of_nginx_then_as_by_way_of_the_local_gateway(
    mill: Mill, client_with: Callers, ann: httpx.Client, url: str
) -> None:
    """Nobody 401, a stranger 404, a session with its CSRF token, a stale cookie on an open link, a revoked key."""
    file_id = ann.post("/api/upload/files", files={"file": ("mine.txt", b"mine")}).json()["file_id"]
    nobody = client_with(mill, None, url=url)
    assert (nobody.get("/api/upload/files").status_code, nobody.get("/api/upload/files").json()["code"]) == (
        401,
        "unauthenticated",
    )
    bob = client_with(mill, make_key(mill, "bob")["key"], url=url)
    assert bob.get(f"/api/upload/files/{file_id}").status_code == 404
    lie = {"X-Filemill-Identity": "x", "X-Filemill-Accel": "on"}
    assert nobody.get("/api/upload/files", headers=lie).status_code == 401
    browser = client_with(mill, None, url=url)
    key = make_key(mill, "ann")
    token = browser.post("/api/session", json={"key": key["key"]}).raise_for_status().json()["csrf_token"]
    assert browser.get(f"/api/upload/files/{file_id}").status_code == 200
    form = {"files": {"file": ("b.txt", b"by cookie")}}
    refused = browser.post("/api/upload/files", **form)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf-failed")
    assert browser.post("/api/upload/files", headers={"X-CSRF-Token": token}, **form).status_code == 201
    assert (
        browser.get("/api/session").json()["files_uploaded"] == 1
    )  # counted in the session, whose cookie upload still gets
    signed = ann.post(f"/api/upload/files/{file_id}/signed-url", json={"expires_in": 60}).json()["url"]
    assert signed.startswith(url)
    assert httpx.get(signed, headers={"Cookie": f"filemill_session={'A' * 43}"}).content == b"mine"
    upload_token = ann.post("/api/access/upload-tokens", json={"files": 1}).json()["token"]
    page = client_with(mill, upload_token, url=url)
    assert page.post("/api/upload/files", **form).status_code == 201
    assert page.get("/api/upload/files").status_code == 403
    operate(mill, "keys", "revoke", key["key_id"])
    gone = client_with(mill, key["key"], url=url)
    wait_for(lambda: gone.get("/api/upload/stats").status_code == 401, "the revoked key to be refused", 2)
    assert browser.get("/api/upload/stats").status_code == 401
    root = client_with(mill, make_key(mill, "root", "admin")["key"], url=url)
    assert "database" in root.get("/api/upload/health").json()["dependencies"]


def test_change_when_the_answer_was_compressed_then_its_tag_still_guards_it(ann: httpx.Client) -> None:
    """NGINX makes the ETag of what it compressed a weak one; a change with it is taken, and with an old one refused."""
    file_id = ann.post("/api/upload/files", files={"file": ("t.txt", b"a title")}).json()["file_id"]
    path = f"/api/metadata/files/{file_id}"
    known = wait_for(lambda: (one := ann.get(path)).is_success and one, "the catalogue to know it")
    assert known.headers["content-encoding"] == "gzip"
    tag = wait_for(lambda: ann.get(path).headers.get("etag"), "its tag")
    assert tag.startswith("W/")

    def change(etag: str) -> int:
        return ann.patch(path, json={"title": "new"}, headers={"If-Match": etag}).status_code

    assert change('W/"0"') == 412
    # Others (processing, ai) change it meanwhile: then the tag is read again.
    wait_for(lambda: change(ann.get(path).headers["etag"]) == 200, "the change to be taken")


def test_live_stream_when_by_way_of_nginx_then_events_come_at_once(ann: httpx.Client) -> None:
    """Nothing is gathered on the way."""
    with ann.stream("GET", "/api/notifications/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        ann.post("/api/upload/files", files={"file": ("e.txt", b"an event")}).raise_for_status()
        assert any("file.uploaded" in line for line in lines)


def test_tus_when_by_way_of_nginx_then_an_upload_goes_on_where_it_was(ann: httpx.Client) -> None:
    """Created, cut in two, and whole; its address leads back through NGINX."""
    content = os.urandom(3_000_000)
    tus = {"Tus-Resumable": "1.0.0"}
    made = ann.post("/api/upload/tus/", headers=tus | {"Upload-Length": str(len(content))})
    assert made.status_code == 201
    place = made.headers["location"]
    piece = tus | {"Content-Type": "application/offset+octet-stream"}
    assert ann.patch(place, headers=piece | {"Upload-Offset": "0"}, content=content[:1_000_000]).status_code == 204
    assert ann.head(place, headers=tus).headers["upload-offset"] == "1000000"
    done = ann.patch(place, headers=piece | {"Upload-Offset": "1000000"}, content=content[1_000_000:])
    assert done.status_code == 204
    assert done.headers["upload-offset"] == str(len(content))


def test_download_when_nginx_sends_it_then_as_upload_would_and_it_is_audited(mill: Mill, ann: httpx.Client) -> None:
    """The bytes, ranges and every header are those that upload itself sends to the local gateway; upload sent none of them."""
    content = os.urandom(1_500_000)
    file_id = ann.post("/api/upload/files", files={"file": ("naïve.bin", content)}).json()["file_id"]
    path = f"/api/upload/files/{file_id}/content"
    about_the_way = {"server", "date", "connection", "x-request-id", "ratelimit-remaining", "ratelimit-reset"}
    with httpx.Client(base_url=mill.url, headers=ann.headers) as local:
        for asked in ({}, {"Range": "bytes=5-1000004"}, {"Range": "bytes=-7"}, {"Range": "bytes=0-1,500000-500001"},
                      {"Range": "bytes=9-2"}, {"Range": "bytes=9999999-"}, {"If-None-Match": "*"},
                      {"Range": "bytes=0-9", "If-Range": '"other"'}, {"If-Match": '"other"'}):  # fmt: skip
            theirs, ours = ann.get(path, headers=asked), local.get(path, headers=asked)
            assert theirs.status_code == ours.status_code, asked
            if "multipart" not in ours.headers["content-type" if ours.content else "etag"] and ours.status_code != 416:
                assert theirs.content == ours.content, asked
                # On a 206 NGINX leaves out that it takes ranges, since it shows it.
                said = about_the_way | ({"accept-ranges"} if ours.status_code == 206 else set())
                kept = [{k: v for k, v in one.headers.items() if k not in said} for one in (theirs, ours)]
                assert kept[0] == kept[1], asked
        assert ann.head(path).headers["content-length"] == str(len(content))
    direct = httpx.get(f"http://127.0.0.1:{mill.ports['upload']}/files/{file_id}/content",
                       headers=dict(ann.headers) | {"X-Filemill-Accel": "on"})  # fmt: skip
    assert re.fullmatch(r"/_blobs/[0-9a-f]{2}/[0-9a-f-]{36}", direct.headers["x-accel-redirect"])
    assert direct.content == b""
    assert ann.get(direct.headers["x-accel-redirect"]).status_code == 404  # internal
    request_id = ann.get(path).headers["x-request-id"]

    def in_trail() -> bool:
        trail = ann.get(f"/api/metadata/files/{file_id}/audit", params={"limit": 500}).json()["items"]
        return any(one["request_id"] == request_id and one["action"].startswith("opened") for one in trail)

    wait_for(in_trail, "the download in the audit trail")


def test_gigabyte_when_it_goes_up_and_down_then_nobody_holds_it(mill: Mill, edge: EdgeNginx, ann: httpx.Client) -> None:
    """NGINX and upload grow by less than a twentieth of a body of 1 GiB, either way, sent by NGINX or by upload."""
    watched = [*psutil.Process(edge.pid).children(), psutil.Process(mill.units()["upload"]["pid"])]
    before = [one.memory_info().rss for one in watched]
    peak = list(before)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for at, one in enumerate(watched):
                peak[at] = max(peak[at], one.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        digest = hashlib.sha256()
        for _ in range(GIB // len(BLOCK)):
            digest.update(BLOCK)
        body = (BLOCK for _ in range(GIB // len(BLOCK)))
        sized = {"Content-Length": str(GIB)}
        made = ann.put("/api/upload/files?filename=big.bin", content=body, headers=sized, timeout=300)
        assert made.status_code == 201, made.text
        assert made.json()["sha256"] == digest.hexdigest()
        path = made.json()["links"]["content"]
        for asked in ({}, {"If-Range": f'"{digest.hexdigest()}"', "Range": "bytes=0-"}):  # the second by upload itself
            found = hashlib.sha256()
            with ann.stream("GET", path, headers=asked, timeout=300) as answer:
                for piece in answer.iter_bytes():
                    found.update(piece)
            assert found.digest() == digest.digest()
    finally:
        over.set()
        watcher.join()
    assert [now - then for now, then in zip(peak, before, strict=True) if now - then > FLAT_BYTES] == []
    assert not list(Path(edge.folder / "nginx-bodies").rglob("*.*"))
    ann.delete(path.removesuffix("/content"), params={"purge": "true"})
