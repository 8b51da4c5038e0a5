"""The quick start of the README, word for word, and what a newcomer sees next."""

import json
import re
import shlex
import shutil
import subprocess

import httpx
import pytest

from journey.conftest import TEST_DATA, Document
from support.mill import Mill

pytestmark = pytest.mark.core

QUICK_START = (
    "curl http://localhost:8080/api/upload/health",
    "curl http://localhost:8080/api/processing/health",
    "curl http://localhost:8080/api/ai/health",
    'curl -X POST -F "file=@test_data/sample.jpg" http://localhost:8080/api/upload/upload',
)
SERVICES = ("upload", "metadata", "processing", "ai", "notifications", "access")


@pytest.mark.parametrize("line", QUICK_START)
def test_quick_start_when_a_line_is_typed_then_it_answers(mill: Mill, line: str) -> None:
    """The four commands, only with the port of this mill."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = shlex.split(line.replace("http://localhost:8080", mill.url))
    done = subprocess.run(command, cwd=TEST_DATA.parent, capture_output=True, timeout=30, check=True)
    answer = json.loads(done.stdout)
    if "health" in line:
        assert answer["status"] == "ok"
        assert answer["service"] in line
    else:
        assert (answer["filename"], answer["content_type"], answer["status"]) == (
            "sample.jpg",
            "image/jpeg",
            "uploaded",
        )
        assert answer["size"] == (TEST_DATA / "sample.jpg").stat().st_size


def test_health_when_all_is_well_then_the_sum_and_each_service_say_ok(client: httpx.Client) -> None:
    """`/health` of the gateway is the sum of all."""
    assert client.get("/health").json()["status"] == "ok"
    for service in SERVICES:
        assert client.get(f"/api/{service}/health").json()["status"] == "ok", service


def test_page_when_a_browser_opens_the_address_then_it_comes_with_all_that_it_names(client: httpx.Client) -> None:
    """The console where it was built, the plain page where not."""
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r'(?:src|href)="(/ui/[^"]+)"', page.text)
    assert [path for path in named if path.endswith(".js")]
    for path in named:
        assert client.get(path).status_code == 200, path


def test_file_when_it_was_uploaded_then_it_is_listed_counted_and_comes_back_whole(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """List, get, content and stats agree with what was sent."""
    invoice = samples["invoice.pdf"]
    sent = (TEST_DATA / "invoice.pdf").read_bytes()
    listed = client.get("/api/upload/files", params={"limit": 500}).json()["items"]
    assert {document["file_id"] for document in samples.values()} <= {one["file_id"] for one in listed}
    file = client.get(f"/api/upload/files/{invoice['file_id']}").json()
    assert {name: file[name] for name in ("sha256", "size", "version", "owner_id")} == {
        name: invoice[name] for name in ("sha256", "size", "version", "owner_id")
    }
    content = client.get(file["links"]["content"])
    assert content.content == sent
    assert content.headers["etag"] == f'"{file["sha256"]}"'
    assert content.headers["x-content-type-options"] == "nosniff"
    part = client.get(file["links"]["content"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, sent[10:20])
    assert client.get(file["links"]["content"], headers={"If-None-Match": content.headers["etag"]}).status_code == 304
    head = client.head(file["links"]["content"])
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(sent)), b"")
    stats = client.get("/api/upload/stats").json()
    assert stats["files"] == len(listed)
    assert stats["bytes"] == sum(one["size"] for one in listed)


def test_list_when_it_is_paged_then_every_file_comes_once_newest_first(
    client: httpx.Client, samples: dict[str, Document]
) -> None:
    """Cursors walk through the whole list."""
    for address in ("/api/upload/files", "/api/metadata/files"):
        seen: list[tuple[str, str]] = []
        cursor = None
        while True:
            page = client.get(address, params={"limit": 5} | ({"cursor": cursor} if cursor else {})).json()
            seen += [(one["created_at"], one["file_id"]) for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) >= len(samples)
        assert [created for created, _ in seen] == sorted((created for created, _ in seen), reverse=True)
