"""The whole mill with its blobs in an S3 store that is sometimes bad: every reader and writer goes through the port only."""

import hashlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.http_fault_proxy import HttpFault, HttpFaultProxy
from support.mill import Mill, wait_for
from support.servers.swift import Swift

pytestmark = pytest.mark.servers

TEST_DATA = Path(__file__).parents[2] / "test_data"
MIB = 1024 * 1024
BODY = random.Random(1).randbytes(9 * MIB)


@pytest.fixture(scope="module")
def proxy(swift_server: Swift) -> Iterator[HttpFaultProxy]:
    """Between the mill and Swift."""
    with HttpFaultProxy(swift_server.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def bucket(swift_server: Swift) -> str:
    return swift_server.fresh_bucket()


@pytest.fixture(scope="module")
def far_mill(
    swift_server: Swift, proxy: HttpFaultProxy, bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mill]:
    """A mill whose storage is a bucket behind the proxy."""
    environment = swift_server.environment(bucket, f"http://127.0.0.1:{proxy.port}")
    mill = Mill(tmp_path_factory.mktemp("far") / "data", FILEMILL_LOG_FORMAT="json", **environment)
    try:
        yield mill.start()
    finally:
        assert mill.stop() == 0, mill.said()


@pytest.fixture(autouse=True)
def healed(proxy: HttpFaultProxy) -> Iterator[None]:
    yield
    proxy.use()
    proxy.resume()


def sent(client: httpx.Client, name: str, body: bytes) -> str:
    answer = client.put("/api/upload/files", params={"filename": name}, content=body)
    assert answer.status_code == 201, answer.text
    file_id: str = answer.json()["file_id"]
    return file_id


def test_file_when_its_bytes_are_in_a_bucket_then_it_is_processed_found_and_given_back(
    far_mill: Mill, bucket: str, swift_server: Swift
) -> None:
    """Upload, processing, thumbnails, search and download work on a remote store, and nothing is kept in the local one."""
    picture, page = (TEST_DATA / "sample.jpg").read_bytes(), (TEST_DATA / "invoice.pdf").read_bytes()
    with far_mill.client() as client:
        ids = [
            sent(client, name, body) for name, body in (("sample.jpg", picture), ("invoice.pdf", page), ("b.bin", BODY))
        ]

        def done() -> bool:
            found = [client.get(f"/api/metadata/files/{file_id}") for file_id in ids]
            return all(one.status_code == 200 and one.json()["status"] == "processed" for one in found)

        wait_for(done, "three files to be processed", 60)
        for file_id, body in zip(ids, (picture, page, BODY), strict=True):
            assert client.get(f"/api/upload/files/{file_id}/content").content == body
        part = client.get(f"/api/upload/files/{ids[2]}/content", headers={"Range": "bytes=5000000-5000009"})
        assert (part.status_code, part.content) == (206, BODY[5_000_000:5_000_010])
        document = client.get(f"/api/metadata/files/{ids[0]}").json()
        assert document["renditions"]
        text = client.get(f"/api/metadata/files/{ids[1]}/text")
        assert text.status_code == 200
        thumbnail = client.get(f"/api/processing/files/{ids[0]}/renditions/{document['renditions'][0]['name']}")
        assert thumbnail.status_code == 200
        assert thumbnail.content
    assert swift_server.keys(bucket)
    assert not (far_mill.data_dir / "store").exists()


@pytest.mark.parametrize("kind", ["short", "reset"])
def test_download_when_the_store_breaks_every_answer_then_it_is_whole_or_broken_and_never_a_short_success(
    far_mill: Mill, proxy: HttpFaultProxy, kind: str
) -> None:
    """A client can tell: either all bytes come, or the connection ends before the length it was told."""
    with far_mill.client() as client:
        file_id = sent(client, f"{kind}.bin", BODY)
        proxy.use(HttpFault(kind, share=0.7, only="^GET.*blobs/", after_bytes=MIB))
        whole = 0
        for _ in range(10):
            try:
                answer = client.get(f"/api/upload/files/{file_id}/content")
            except (httpx.RemoteProtocolError, httpx.ReadError):
                continue  # the connection broke off
            if answer.status_code == 503:
                continue
            assert answer.status_code == 200
            assert hashlib.sha256(answer.content).digest() == hashlib.sha256(BODY).digest()
            whole += 1
        assert proxy.injected[kind] >= 5
        proxy.use()
        wait_for(
            lambda: client.get(f"/api/upload/files/{file_id}/content").content == BODY, "the store to be well again"
        )
        print(f"{kind}: {whole} of 10 downloads came whole through a store that broke 7 of 10 answers")


def test_upload_when_the_store_is_away_then_503_with_retry_after_and_health_says_why(
    far_mill: Mill, proxy: HttpFaultProxy
) -> None:
    """No row without bytes: the caller is told to come back, and it works again by itself."""
    with far_mill.client() as client:
        proxy.down()
        try:
            began_s = time.monotonic()
            answers = [client.put("/api/upload/files", params={"filename": "a.txt"}, content=b"abc") for _ in range(8)]
            assert {answer.status_code for answer in answers} == {503}
            assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
            assert answers[0].json()["code"] == "dependency-unavailable"
            assert time.monotonic() - began_s < 15
            upload_url = f"http://127.0.0.1:{far_mill.ports['upload']}"
            health = httpx.get(f"{upload_url}/health")
            assert health.status_code == 503
            assert "storage" in health.json()["dependencies"]
            assert 'filemill_breaker_open{dependency="storage"} 1.0' in httpx.get(f"{upload_url}/metrics").text
        finally:
            proxy.up()
        wait_for(
            lambda: client.put("/api/upload/files", params={"filename": "a.txt"}, content=b"abc").is_success,
            "201 again",
        )


def test_start_when_the_bucket_is_missing_then_one_line_says_so(swift_server: Swift, tmp_path: Path) -> None:
    """The mill does not start into errors: it names the variable, the problem and the fix."""
    mill = Mill(tmp_path / "data", **swift_server.environment("nowhere"))
    assert mill.run_to_end() != 0
    lines = [line for line in mill.said().splitlines() if "STORAGE_URL" in line]
    assert lines, mill.said()
    assert "there is no bucket 'nowhere'" in lines[0]
    assert "Traceback" not in mill.said()
