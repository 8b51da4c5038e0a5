"""A mill with a scanner (a real clamd) that is away at first: what every service says of a file, before and after."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from support.mill import Mill, wait_for
from support.servers.clamd import EICAR, Clamd

pytestmark = pytest.mark.servers
GOOD = b"A letter about wombats in Berlin.\n"


def upload(client: httpx.Client, name: str, body: bytes) -> str:
    answer = client.put("/api/upload/files", params={"filename": name}, content=body)
    assert (answer.status_code, answer.json()["status"]) == (201, "scanning")
    file_id: str = answer.json()["file_id"]
    return file_id


def known(client: httpx.Client, file_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/metadata/files/{file_id}").raise_for_status().json()
    return found


def found_by(client: httpx.Client, **query: str) -> list[str]:
    return [hit["file_id"] for hit in client.get("/api/metadata/files", params=query).json()["items"]]


def test_file_when_the_scanner_comes_back_then_it_goes_its_way_or_is_quarantined_everywhere(
    tmp_path: Path, own_clamd: Clamd
) -> None:
    """Metadata answers from the first moment; nothing processes, finds or shows a file before it is clean."""
    own_clamd.kill()
    mill = Mill(tmp_path / "data", CLAMD_URL=own_clamd.unix_url)
    try:
        mill.start()
        with mill.client() as client:
            good, bad = upload(client, "good.txt", GOOD), upload(client, "bad.txt", EICAR)
            for file_id in (good, bad):
                assert known(client, file_id)["status"] == "scanning"
                assert client.get(f"/api/upload/files/{file_id}/content").json()["code"] == "file-scanning"
                assert client.get(f"/api/metadata/files/{file_id}/text").status_code >= 400
            assert found_by(client, q="wombats") == found_by(client) == []
            assert mill.rows("processing", "SELECT count(*) FROM jobs") == [(0,)]

            own_clamd.start()
            wait_for(lambda: known(client, good)["status"] == "processed", "the clean file to be processed", 60)
            wait_for(lambda: found_by(client, q="wombats") == [good], "the clean file to be found", 30)
            wait_for(lambda: found_by(client, status="quarantined") == [bad], "the infected file to be listed", 30)
            document = known(client, bad)
            assert (document["status_reason"]["code"], document["analysis"]) == ("infected", "unavailable")
            story = client.get(f"/api/metadata/files/{bad}/timeline").json()
            assert "Test.Eicar" in story["why"]
            assert client.get(f"/api/upload/files/{bad}/content").json()["code"] == "file-quarantined"
            wait_for(lambda: "refused" in outcomes(client, bad), "the refused attempt to be audited")
            assert mill.rows("processing", "SELECT count(*) FROM jobs WHERE file_id = ?", bad) == [(0,)]
            purge = client.delete(f"/api/upload/files/{bad}?purge=true").json()
            wait_for(lambda: client.get(f"/api/upload/purges/{purge['purge_id']}").json().get("done_at"), "the purge")
    finally:
        assert mill.stop() == 0, mill.said()


def outcomes(client: httpx.Client, file_id: str) -> set[str]:
    entries = client.get(f"/api/metadata/files/{file_id}/audit").json()["items"]
    assert "quarantined" in {entry["action"] for entry in entries}
    return {entry["outcome"] for entry in entries}
