"""A page of an app's uploads with a token its server got, through the gateway, with a client nobody here wrote."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient

from support.mill import Mill
from support.programs import Require
from support.tus_clients import tus_js

APP = "https://app.example"


@pytest.fixture(scope="module")
def app_mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that pages of one app may call."""
    mill = Mill(tmp_path_factory.mktemp("app") / "data", FILEMILL_CORS_ORIGINS=APP)
    try:
        mill.start()
        yield mill
    finally:
        mill.stop()


def _token(client: httpx.Client, **asked: object) -> tuple[dict[str, str], str]:
    """What the app's server asks for: the header, and where tus works."""
    said = client.post("/api/access/upload-tokens", json=asked).raise_for_status().json()
    return {"Authorization": f"Bearer {said['token']}"}, said["links"]["tus"]


def test_token_when_used_by_tus_clients_then_the_files_are_there_and_no_more(
    app_mill: Mill, tmp_path: Path, require: Require
) -> None:
    """tus-js-client, as it runs in a page, and tuspy; in pieces."""
    path = tmp_path / "a.bin"
    path.write_bytes(random.Random(7).randbytes(1_000_000))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with app_mill.client() as client, tus_js(require) as javascript:
        shown, endpoint = _token(client, files=2, max_bytes=1_000_000)
        assert endpoint.startswith(app_mill.url)
        made = [javascript.job(endpoint, path, "a.bin", chunkSize=300_000, headers=shown)["url"]]
        with path.open("rb") as stream:
            uploader = TusClient(endpoint, headers=shown).uploader(
                file_stream=stream, chunk_size=300_000, metadata={"filename": "b.bin"}
            )
            uploader.upload()
        made.append(str(uploader.url))
        for url in made:
            link = httpx.head(url, headers=shown | {"Tus-Resumable": "1.0.0"}).headers["filemill-file"]
            assert client.get(link).json()["sha256"] == digest
        refused = client.post(endpoint, headers=shown | {"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
        assert refused.status_code == 403, (refused.headers, refused.text)
        assert refused.json()["code"] == "token-used-up"
        assert client.get("/api/metadata/files", headers=shown).status_code == 403


def test_token_when_sent_by_a_page_of_the_app_then_the_browser_may(app_mill: Mill) -> None:
    """The question browsers ask first, and the answer their script may read; the app's origin only."""
    with app_mill.client() as client:
        shown, endpoint = _token(client)
        asking = {
            "Origin": APP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,tus-resumable,upload-length,upload-metadata",
        }
        asked = client.options(endpoint, headers=asking)
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, APP)
        assert "authorization" in asked.headers["access-control-allow-headers"].lower()
        sent = {"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Sec-Fetch-Site": "cross-site"} | shown
        answer = client.post(endpoint, headers=sent | {"Origin": APP})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (201, APP)
        assert "location" in answer.headers["access-control-expose-headers"].lower()
        stranger = client.post(endpoint, headers=sent | {"Origin": "https://evil.example"})
        assert (stranger.status_code, "access-control-allow-origin" in stranger.headers) == (403, False)
