"""Uploads with a scanner (a real clamd): nobody is told of a version, nobody gets its bytes, before it was found clean."""

import asyncio
import base64
import io
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from filemill.chassis.resilience import breaker
from filemill.upload import scanner as scanner_module
from filemill.upload import scanning
from support.servers.clamd import BAD_WORD, EICAR, STREAM_MOST_BYTES, Clamd

pytestmark = pytest.mark.servers
NOWHERE = "tcp://127.0.0.1:1"
EMBEDDED = pytest.mark.parametrize("installation", ["embedded"], indirect=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often."""
    monkeypatch.setattr(scanning, "EVERY_S", 0.05)
    monkeypatch.setattr(scanner_module, "PING_S", 0.5)
    monkeypatch.setattr(breaker, "OPEN_FIRST_S", 0.1)
    monkeypatch.setattr(breaker, "OPEN_LONGEST_S", 0.2)


def zipped(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inside.txt", body)
    return out.getvalue()


async def put(tus: Any, body: bytes, path: str = "/files?filename=a.bin") -> dict[str, Any]:
    answer = await tus.client.put(path, content=body)
    assert answer.status_code == 201, answer.text
    file: dict[str, Any] = answer.json()
    return file


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.02)


async def ended(tus: Any, file_id: str) -> dict[str, Any]:
    """The file once it is not being scanned any more."""
    found: dict[str, Any] = {}

    async def done() -> bool:
        found.update((await tus.client.get(f"/files/{file_id}")).json())
        return bool(found["status"] != "scanning")

    await until(done)
    return found


async def every_way_out(tus: Any, file_id: str, version: int) -> dict[str, httpx.Response]:
    """Asks for the bytes by every path there is."""
    url = f"/files/{file_id}/content"
    return {
        "content": await tus.client.get(url),
        "head": await tus.client.head(url),
        "range": await tus.client.get(url, headers={"Range": "bytes=0-1"}),
        "version": await tus.client.get(f"{url}?version={version}"),
        "signed": await tus.client.post(f"/files/{file_id}/signed-url", json={}),
        "signed version": await tus.client.post(f"/files/{file_id}/signed-url", json={"version": version}),
    }


async def must_be_refused(tus: Any, file_id: str, code: str, version: int = 1) -> None:
    for way, answer in (await every_way_out(tus, file_id, version)).items():
        assert answer.status_code == 403, way
        assert (answer.headers.get("retry-after") is not None) == (code == "file-scanning"), way
        if way != "head":
            said = answer.json()
            assert (said["code"], said["retryable"]) == (code, code == "file-scanning"), way


def told(installation: Any, file_id: str) -> Counter[str]:
    """The types of events about a file that were written."""
    rows = installation.engines.rows("upload", "SELECT body FROM outbox WHERE subject = ?", file_id)
    kinds = [next(kind for kind in KINDS if kind in bytes(body).decode()) for (body,) in rows]
    return Counter(kinds)


KINDS = ("file.uploaded", "file.quarantined", "file.accessed", "file.deleted", "file.restored", "file.purge")


def waiting(installation: Any) -> int:
    count: int = installation.engines.rows("upload", "SELECT count(*) FROM scans")[0][0]
    return count


@pytest.mark.parametrize("bad", [EICAR, zipped(EICAR), b"x" * 100_000 + BAD_WORD], ids=["eicar", "in a zip", "large"])
async def test_upload_when_it_is_infected_then_quarantined_and_served_by_no_path(
    installation: Any, clamd_server: Clamd, bad: bytes
) -> None:
    """The reason names the signature; the others hear of it once, as quarantined only."""
    async with installation.service(clamd_url=clamd_server.unix_url) as tus:
        file = await put(tus, bad)
        assert file["status"] == "scanning"
        found = await ended(tus, file["file_id"])
        assert found["status"] == "quarantined"
        assert found["status_reason"]["code"] == "infected"
        assert "Test." in found["status_reason"]["detail"]
        assert found["status_reason"]["retryable"] is False
        assert found["analysis"] == "unavailable"
        await must_be_refused(tus, file["file_id"], "file-quarantined")
        [version] = (await tus.client.get(f"/files/{file['file_id']}/versions")).json()["items"]
        assert version["held"] == "quarantined"
        assert waiting(installation) == 0
        events = told(installation, file["file_id"])
        assert (events["file.quarantined"], events["file.uploaded"]) == (1, 0)
        assert (await tus.client.delete(f"/files/{file['file_id']}?purge=true")).status_code == 202


async def test_upload_when_it_is_clean_by_every_way_in_then_held_until_the_scan_and_told_once(
    installation: Any, own_clamd: Clamd
) -> None:
    """The scanner is away at first: nobody is told and nothing is served; once it is there all goes on by itself."""
    own_clamd.kill()
    async with installation.service(clamd_url=own_clamd.tcp_url) as tus:
        ids = [(await put(tus, b"raw"))["file_id"], (await put(tus, b"large" * 50_000))["file_id"]]
        form = await tus.client.post("/files", files={"file": ("f.bin", b"form")})
        assert (form.status_code, form.json()["status"]) == (201, "scanning")
        name = base64.b64encode(b"t.bin").decode()
        url = await tus.create(upload_length=4, upload_metadata=f"filename {name}")
        by_tus = await tus.patch(url, 0, b"4tus")
        ids += [form.json()["file_id"], by_tus.headers["filemill-file"].rpartition("/")[2]]
        for file_id in ids:
            await must_be_refused(tus, file_id, "file-scanning")
            assert not told(installation, file_id)["file.uploaded"]
        health = (await tus.client.get("/health")).json()
        assert (health["status"], health["dependencies"]["scanner"]["status"]) == ("degraded", "degraded")
        assert waiting(installation) == 4

        await asyncio.to_thread(own_clamd.start)
        for file_id in ids:
            assert (await ended(tus, file_id))["status"] == "uploaded"
            assert (await tus.client.get(f"/files/{file_id}/content")).status_code == 200
            assert told(installation, file_id)["file.uploaded"] == 1
        health = (await tus.client.get("/health")).json()
        assert health["dependencies"]["scanner"]["status"] == "ok"


async def test_scanner_when_paused_then_uploads_are_answered_and_all_goes_on_when_it_is_back(
    installation: Any, own_clamd: Clamd
) -> None:
    """Nothing waits for a scanner that takes connections and says nothing."""
    async with installation.service(clamd_url=own_clamd.unix_url) as tus:
        own_clamd.pause()
        async with asyncio.timeout(10):
            file = await put(tus, b"while it is paused")
            await must_be_refused(tus, file["file_id"], "file-scanning")
        own_clamd.resume()
        assert (await ended(tus, file["file_id"]))["status"] == "uploaded"


async def test_version_when_it_is_scanned_then_the_older_one_is_read_by_its_number(
    installation: Any, clamd_server: Clamd
) -> None:
    """The current content is not served while it waits, or for ever if it is infected; what was clean stays readable."""
    async with installation.service() as tus:
        file_id = (await put(tus, b"first"))["file_id"]
    async with installation.service(clamd_url=NOWHERE) as tus:
        second = await put(tus, b"second " + BAD_WORD, f"/files/{file_id}/content")
        assert (second["version"], second["status"]) == (2, "scanning")
        await must_be_refused(tus, file_id, "file-scanning", 2)
        assert (await tus.client.get(f"/files/{file_id}/content?version=1")).content == b"first"
    async with installation.service(clamd_url=clamd_server.tcp_url) as tus:
        assert (await ended(tus, file_id))["status"] == "quarantined"
        await must_be_refused(tus, file_id, "file-quarantined", 2)
        third = await put(tus, b"third", f"/files/{file_id}/content")
        assert third["version"] == 3
        assert (await ended(tus, file_id))["status"] == "uploaded"
        assert (await tus.client.get(f"/files/{file_id}/content")).content == b"third"
        assert (await tus.client.get(f"/files/{file_id}/content?version=2")).json()["code"] == "file-quarantined"
        assert told(installation, file_id)["file.uploaded"] == 2


async def test_scans_when_two_instances_share_them_then_each_is_told_once(
    installation: Any, clamd_server: Clamd
) -> None:
    """Leases decide who scans what."""
    async with installation.service(clamd_url=NOWHERE) as tus:
        bodies = [b"clean %d" % at if at % 3 else BAD_WORD + b"%d" % at for at in range(24)]
        ids = [(await put(tus, body))["file_id"] for body in bodies]
    url = clamd_server.tcp_url
    async with installation.service(clamd_url=url) as one, installation.service(clamd_url=url) as two:
        for at, file_id in enumerate(ids):
            found = await ended(one if at % 2 else two, file_id)
            assert found["status"] == ("uploaded" if at % 3 else "quarantined")
    kind = {True: "file.uploaded", False: "file.quarantined"}
    for at, file_id in enumerate(ids):
        assert told(installation, file_id) == {kind[bool(at % 3)]: 1}


async def test_file_when_purged_or_deleted_while_it_waits_then_the_scan_brings_nothing_back(
    installation: Any, clamd_server: Clamd
) -> None:
    """A purge takes the scan with it; a file in the trash is scanned and stays there."""
    async with installation.service(clamd_url=NOWHERE) as tus:
        purged, trashed = [(await put(tus, b"to be %d" % at))["file_id"] for at in range(2)]
        assert (await tus.client.delete(f"/files/{purged}?purge=true")).status_code == 202
        assert (await tus.client.delete(f"/files/{trashed}")).status_code == 204
        assert waiting(installation) == 1
    async with installation.service(clamd_url=clamd_server.tcp_url) as tus:

        async def none_waits() -> bool:
            return waiting(installation) == 0

        await until(none_waits)
        assert (await tus.client.get(f"/files/{trashed}")).status_code == 404
        restored = await tus.client.post(f"/files/{trashed}/restore")
        assert restored.json()["status"] == "uploaded"
        assert (await tus.client.get(f"/files/{trashed}/content")).content == b"to be 1"
    assert told(installation, purged)["file.uploaded"] == 0


@EMBEDDED
@pytest.mark.parametrize("policy", ["quarantine", "serve"])
async def test_file_when_larger_than_the_scanner_takes_then_the_policy_decides(
    installation: Any, clamd_server: Clamd, policy: str
) -> None:
    """Held back with an honest reason, unless the setting says otherwise."""
    async with installation.service(clamd_url=clamd_server.tcp_url, scan_too_large=policy) as tus:
        file = await put(tus, bytes(STREAM_MOST_BYTES + 1))
        found = await ended(tus, file["file_id"])
        if policy == "serve":
            assert (found["status"], found["status_reason"]) == ("uploaded", None)
        else:
            assert (found["status"], found["status_reason"]["code"]) == ("quarantined", "scan-too-large")


@EMBEDDED
async def test_scans_when_the_scanner_is_taken_out_of_the_settings_then_files_wait_and_the_health_says_so(
    installation: Any,
) -> None:
    """Nothing becomes clean by a change of settings; new files are not held."""
    async with installation.service(clamd_url=NOWHERE) as tus:
        file_id = (await put(tus, b"waits"))["file_id"]
    async with installation.service() as tus:

        async def is_said() -> bool:
            health = (await tus.client.get("/health")).json()
            return "CLAMD_URL" in str(health["dependencies"].get("loop:scans"))

        await until(is_said)
        await must_be_refused(tus, file_id, "file-scanning")
        assert (await put(tus, b"is not held"))["status"] == "uploaded"
