"""Purged means gone from the disk too: every file of an installation is searched for the bytes of what was purged."""

from pathlib import Path

import httpx

from support.mill import Mill, wait_for

WORD = b"zyzzyvamarmelade"
NAME = b"quagga-dossier"
TITLE = b"okapi-erlass"


def test_purge_when_it_has_ended_and_the_mill_has_stopped_then_no_byte_of_the_file_is_left(tmp_path: Path) -> None:
    """Content, extracted words, name and title: in blobs, databases, their free pages and logs, queues, index, logs."""
    mill = Mill(tmp_path / "data")
    mill.start()
    try:
        with httpx.Client(base_url=mill.url, timeout=30) as client:
            _stay_and_go(client)
        indexed = "SELECT count(*) FROM word_index_data WHERE instr(block, CAST(? AS BLOB)) > 0"
        wait_for(lambda: mill.rows("metadata", indexed, WORD.decode()) == [(0,)], "the index to forget")
    finally:
        assert mill.stop() == 0
    left = {
        f"{path.relative_to(mill.data_dir)}: {mark.decode()} x{path.read_bytes().lower().count(mark)}"
        for path in mill.data_dir.rglob("*")
        if path.is_file()
        for mark in (WORD, NAME, TITLE)
        if mark in path.read_bytes().lower()
    }
    assert left == set()


def _stay_and_go(client: httpx.Client) -> None:
    """One file that stays, so that nothing is gone because all is gone, and one that is purged."""
    stays = _upload(client, "stays.txt", b"Some ordinary words. " * 100, "ordinary")
    goes = _upload(
        client, f"{NAME.decode()}.txt", b"The word is " + WORD + b". " + b"More words. " * 100, TITLE.decode()
    )
    hits = client.get("/api/metadata/files", params={"q": WORD.decode()}).json()["items"]
    assert [hit["file_id"] for hit in hits] == [goes]
    answer = client.delete(f"/api/upload/files/{goes}?purge=true")
    assert answer.status_code == 202
    wait_for(lambda: client.get(answer.headers["Location"]).json()["done_at"], "the purge to end", 60)
    assert client.get(f"/api/metadata/files/{stays}").json()["status"] == "processed"


def _upload(client: httpx.Client, name: str, body: bytes, title: str) -> str:
    answer = client.post("/api/upload/files", files={"file": (name, body)}, data={"title": title}).raise_for_status()
    file_id: str = answer.json()["file_id"]

    def done() -> bool:
        document = client.get(f"/api/metadata/files/{file_id}").json()
        return bool(document["status"] == "processed" and document.get("findings"))

    wait_for(done, "the file to be processed and analysed", 60)
    return file_id
