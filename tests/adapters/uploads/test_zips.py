"""Several files as one zip, on every set of engines: what is in it, and everything that is refused before its first byte."""

import io
import random
import zipfile
from typing import Any

from adapters.uploads.conftest import Installation, Tus
from filemill.chassis.ids import new_id

LARGE = random.Random(6).randbytes(600_000)


async def _put(tus: Tus, name: str, data: bytes) -> str:
    answer = await tus.client.put("/files", params={"filename": name}, content=data)
    return str(answer.raise_for_status().json()["file_id"])


def _members(answer: Any) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as read:
        assert read.testzip() is None
        return {name: read.read(name) for name in read.namelist()}


async def test_zip_when_asked_for_then_it_has_every_file_in_order_once(tus: Tus) -> None:
    """Small and large, the same name twice, an id twice; headers that no browser runs anything with."""
    ids = [await _put(tus, "a.txt", b"one"), await _put(tus, "ä.bin", LARGE), await _put(tus, "a.txt", b"two")]
    answer = await tus.client.post("/files/zip", json={"file_ids": [*ids, ids[0]]})
    members = _members(answer)
    assert list(members.items()) == [("a.txt", b"one"), ("ä.bin", LARGE), ("a (2).txt", b"two")]
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="files.zip"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert _members(await tus.client.get("/files/zip", params={"ids": ",".join(ids)})) == members


async def test_zip_when_a_file_is_not_there_then_404(tus: Tus) -> None:
    """Never there, no id at all, in the trash: all before the first byte."""
    there, gone = await _put(tus, "a.txt", b"one"), await _put(tus, "b.txt", b"two")
    await tus.client.delete(f"/files/{gone}")
    for other in (new_id(), "../x", "", gone):
        answer = await tus.client.post("/files/zip", json={"file_ids": [there, other]})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_zip_when_the_file_has_versions_then_the_newest(tus: Tus) -> None:
    """As a download without a version."""
    file_id = await _put(tus, "a.txt", b"one")
    (await tus.client.put(f"/files/{file_id}/content", content=b"newer")).raise_for_status()
    assert _members(await tus.client.post("/files/zip", json={"file_ids": [file_id]})) == {"a.txt": b"newer"}


async def test_zip_when_it_is_too_much_then_refused_by_the_limits_that_are_told(installation: Installation) -> None:
    """How many, and how many bytes."""
    async with installation.service(zip_most_bytes=700_000) as tus:
        limits = (await tus.client.get("/limits")).json()
        assert (limits["max_zip_files"], limits["max_zip_bytes"]) == (1000, 700_000)
        ids = [await _put(tus, f"{at}.bin", bytes([at]) + LARGE) for at in range(2)]
        answer = await tus.client.post("/files/zip", json={"file_ids": ids})
        assert (answer.status_code, answer.json()["code"]) == (413, "zip-too-large")
        for wanted in ([], [new_id() for _ in range(1001)]):
            answer = await tus.client.post("/files/zip", json={"file_ids": wanted})
            assert answer.status_code in (400, 422)
            assert answer.json()["code"] in ("bad-request", "unprocessable")
        assert (await tus.client.get("/files/zip", params={"ids": ","})).status_code == 400


async def test_zip_when_files_are_opened_then_each_is_in_the_audit_trail(installation: Installation) -> None:
    """An open is an open, also of several."""
    async with installation.service() as tus:
        ids = [await _put(tus, f"{at}.txt", b"x%d" % at) for at in range(3)]
        await tus.client.post("/files/zip", json={"file_ids": ids})
    told = installation.engines.rows("upload", "SELECT subject, body FROM outbox")
    assert sorted(subject for subject, body in told if b"file.accessed" in bytes(body)) == sorted(ids)
