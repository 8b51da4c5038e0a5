"""A file that goes straight to the store, from outside: through the gateway where the addresses lead there, else past it."""

import hashlib
import random

import httpx

from support.mill import Mill


def test_direct_upload_when_completed_then_is_processed_as_every_file(mill: Mill, finished: object) -> None:
    """The addresses work without credentials from where the client stands; the file is processed and downloadable."""
    text = b"A text that went straight to the store, about Lisbon. " * 2000
    with mill.client() as client, httpx.Client(timeout=30) as elsewhere:
        asked = {"filename": "direct.txt", "size": len(text), "sha256": hashlib.sha256(text).hexdigest()}
        answer = client.post("/api/upload/uploads", json=asked)
        assert answer.status_code == 201, answer.text
        for part in answer.json()["parts"]:
            data = text[part["offset"] : part["offset"] + part["size"]]
            sent = elsewhere.put(part["url"], content=data, headers=part["headers"])
            assert sent.is_success, sent.text
        done = client.post(answer.json()["links"]["complete"])
        assert done.status_code == 201, done.text
        known = finished(done.json()["file_id"])  # type: ignore[operator]
        assert (known["status"], known["sha256"]) == ("processed", asked["sha256"])
        assert client.get(done.headers["location"] + "/content").content == text


def test_bodies_when_they_lie_or_stop_then_nothing_false_is_told(mill: Mill) -> None:
    """tus through the gateway, in chunks without a length, too long, cut: the offset says what is there."""
    data = random.Random(1).randbytes(300_000)
    tus = {"Tus-Resumable": "1.0.0"}
    chunk = tus | {"Content-Type": "application/offset+octet-stream"}
    with mill.client() as client:
        place = client.post("/api/upload/tus/", headers=tus | {"Upload-Length": str(len(data))}).headers["location"]
        parts = iter([data[:1000], data[1000:100_000]])
        assert client.patch(place, content=parts, headers=chunk | {"Upload-Offset": "0"}).status_code == 204
        too_long = client.patch(place, content=iter([data, data]), headers=chunk | {"Upload-Offset": "100000"})
        assert too_long.status_code == 413
        assert client.head(place, headers=tus).headers["upload-offset"] == "100000"
        last = client.patch(place, content=data[100_000:], headers=chunk | {"Upload-Offset": "100000"})
        assert client.get(last.headers["filemill-file"] + "/content").content == data
