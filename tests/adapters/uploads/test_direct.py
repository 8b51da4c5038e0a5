"""Uploads straight to the store: parts go where their addresses say, and unchecked bytes become no file. On both engines."""

import asyncio
import hashlib
import random
from typing import Any

import httpx
import pytest

from filemill.upload import direct as direct_module

MIB = 1024 * 1024
EMBEDDED = pytest.mark.parametrize("installation", ["embedded"], indirect=True)


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few megabytes are several parts."""
    monkeypatch.setattr(direct_module, "PART_BYTES", MIB)


async def begin(tus: Any, size: int, **more: Any) -> dict[str, Any]:
    asked = {"filename": "direct.bin", "size": size, "content_type": "application/x-anything"} | more
    answer = await tus.client.post("/uploads", json=asked)
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    assert answer.headers["location"] == said["links"]["self"]
    return said


async def put(tus: Any, url: str, data: bytes, **more: Any) -> httpx.Response:
    """To the service in this process, or to the real store."""
    if url.startswith("http://x/"):
        return await tus.client.put(url, content=data, **more)
    async with httpx.AsyncClient(timeout=30) as elsewhere:
        return await elsewhere.put(url, content=data, **more)


async def send_all(tus: Any, said: dict[str, Any], data: bytes) -> None:
    for part in random.Random(1).sample(said["parts"], len(said["parts"])):
        answer = await put(
            tus, part["url"], data[part["offset"] : part["offset"] + part["size"]], headers=part["headers"]
        )
        assert answer.is_success, answer.text


@pytest.mark.parametrize("size", [1, MIB, 3 * MIB + 17])
async def test_direct_upload_when_every_part_is_there_then_is_one_file(tus: Any, installation: Any, size: int) -> None:
    """In any order, one of them twice; `complete` may be repeated."""
    data = some_bytes(size)
    said = await begin(tus, size, sha256=hashlib.sha256(data).hexdigest(), title="T", tags=["a"], metadata={"k": 1})
    assert [(part["offset"], part["size"]) for part in said["parts"]] == [
        (at, min(MIB, size - at)) for at in range(0, size, MIB)
    ]
    await send_all(tus, said, data)
    await send_all(tus, said, data)
    for _ in range(2):
        answer = await tus.client.post(said["links"]["complete"])
        assert answer.status_code == 201, answer.text
        file = answer.json()
        assert (file["size"], file["sha256"]) == (size, hashlib.sha256(data).hexdigest())
        assert (file["filename"], file["title"], file["tags"]) == ("direct.bin", "T", ["a"])
        content = await tus.client.get(answer.headers["location"] + "/content")
        assert content.content == data
    state = (await tus.client.get(said["links"]["self"])).json()
    assert (state["state"], state["file_id"], state["parts"]) == ("done", file["file_id"], None)
    assert len(installation.files()) == 1
    assert len(installation.kept()) == 1
    first = said["parts"][0]
    late = await put(tus, first["url"], data[: first["size"]], headers=first["headers"])
    again = await tus.client.get(answer.headers["location"] + "/content")
    assert again.content == data, late.text


async def test_complete_when_a_part_is_missing_then_409_and_it_can_be_sent(tus: Any, installation: Any) -> None:
    """Nothing is lost by asking too early."""
    data = some_bytes(2 * MIB)
    said = await begin(tus, len(data))
    first, second = said["parts"]
    await put(tus, first["url"], data[:MIB])
    answer = await tus.client.post(said["links"]["complete"])
    assert (answer.status_code, answer.json()["code"]) == (409, "parts-missing")
    assert "Part 2" in answer.json()["detail"]
    await put(tus, second["url"], data[MIB:])
    assert (await tus.client.post(said["links"]["complete"])).status_code == 201
    assert len(installation.files()) == 1


async def test_part_when_of_another_length_then_its_address_refuses_it(tus: Any) -> None:
    """The address is bound to the length, by us or by the store."""
    said = await begin(tus, 1000)
    for data in (b"x" * 999, b"x" * 1001, b""):
        answer = await put(tus, said["parts"][0]["url"], data)
        assert answer.status_code in (400, 403), answer.text
    assert (await tus.client.post(said["links"]["complete"])).json()["code"] == "parts-missing"


def hashes(data: bytes, part_size: int) -> list[str]:
    return [hashlib.sha256(data[at : at + part_size]).hexdigest() for at in range(0, len(data), part_size)]


@pytest.mark.parametrize("announced", ["each-part", "the-whole"])
async def test_part_when_its_hash_was_announced_then_its_address_takes_no_other_bytes(
    tus: Any, installation: Any, announced: str
) -> None:
    """By the store's own check, or ours; the right bytes are taken afterwards. Of one part the file's hash is enough."""
    size, part_size = (2500, 1000) if announced == "each-part" else (1000, 1000)
    data = some_bytes(size)
    said = await begin(
        tus, size, **{"part_size": part_size, "part_sha256": hashes(data, part_size)}
        if announced == "each-part"
        else {"sha256": hashlib.sha256(data).hexdigest()}
    )  # fmt: skip
    first = said["parts"][0]
    wrong = await put(tus, first["url"], bytes(first["size"]), headers=first["headers"])
    refused = (400, "BadDigest") if first["headers"] else (422, "checksum-mismatch")
    assert wrong.status_code == refused[0], wrong.text
    assert refused[1] in wrong.text
    if first["headers"]:  # they are part of the signature
        bare = await put(tus, first["url"], bytes(first["size"]))
        other = await put(
            tus, first["url"], bytes(first["size"]), headers={next(iter(first["headers"])): "A" * 43 + "="}
        )
        assert (bare.status_code, other.status_code) == (403, 403)
    assert (await tus.client.post(said["links"]["complete"])).json()["code"] == "parts-missing"
    await send_all(tus, said, data)
    assert (await tus.client.post(said["links"]["complete"])).json()["sha256"] == hashlib.sha256(data).hexdigest()
    assert len(installation.kept()) == 1


async def test_complete_when_a_part_was_changed_in_the_store_then_409_and_it_can_be_sent(
    tus: Any, installation: Any
) -> None:
    """A store that checks no hash is not believed: what lies there is compared with what was announced."""
    data = some_bytes(2000)
    said = await begin(tus, 2000, part_size=1000, part_sha256=hashes(data, 1000))
    await send_all(tus, said, data)
    installation.overwrite_part(said["upload_id"], 1, bytes(1000))
    answer = await tus.client.post(said["links"]["complete"])
    assert (answer.status_code, answer.json()["code"]) == (409, "parts-missing")
    assert "Part 2" in answer.json()["detail"]
    await send_all(tus, said, data)
    assert (await tus.client.post(said["links"]["complete"])).status_code == 201
    assert len(installation.files()) == 1


async def test_complete_when_the_hash_is_another_then_422_and_nothing_is_kept(tus: Any, installation: Any) -> None:
    """It failed for good, and says why to whoever asks later."""
    said = await begin(tus, 1000, sha256="0" * 64, part_size=999)
    await send_all(tus, said, b"x" * 1000)
    answer = await tus.client.post(said["links"]["complete"])
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum-mismatch")
    state = (await tus.client.get(said["links"]["self"])).json()
    assert (state["state"], state["reason"]["code"]) == ("failed", "checksum-mismatch")
    assert (await tus.client.post(said["links"]["complete"])).status_code == 422
    assert installation.files() == installation.kept() == []


async def test_complete_when_the_content_is_refused_then_nothing_is_kept(tus: Any, installation: Any) -> None:
    """The same rules as for every other way in; the announced type is not believed."""
    said = await begin(tus, 1000, filename="holiday.jpg", content_type="image/jpeg")
    await send_all(tus, said, (b"\x7fELF" + bytes(60)).ljust(1000, b"\x01"))
    assert (await tus.client.post(said["links"]["complete"])).json()["code"] == "content-mismatch"
    assert installation.files() == installation.kept() == []


async def test_complete_when_large_then_202_until_a_loop_has_read_it(installation: Any) -> None:
    """`verifying` in between; what turns out wrong is `failed`."""
    async with installation.service(verify_at_once_bytes=100) as tus:
        await _verified_later(tus, installation)


async def _verified_later(tus: Any, installation: Any) -> None:
    good, bad = some_bytes(2 * MIB), some_bytes(MIB + 5)
    sent = []
    for data, sha256 in ((good, hashlib.sha256(good).hexdigest()), (bad, "0" * 64)):
        said = await begin(tus, len(data), sha256=sha256)
        await send_all(tus, said, data)
        answer = await tus.client.post(said["links"]["complete"])
        assert (answer.status_code, answer.json()["state"]) == (202, "verifying")
        assert answer.headers["location"] == said["links"]["self"]
        sent.append(said)
    states = [await ended(tus, said) for said in sent]
    assert [state["state"] for state in states] == ["done", "failed"]
    assert states[1]["reason"]["code"] == "checksum-mismatch"
    assert [sha256 for _, sha256, _ in installation.files()] == [hashlib.sha256(good).hexdigest()]


async def ended(tus: Any, said: dict[str, Any]) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            state: dict[str, Any] = (await tus.client.get(said["links"]["self"])).json()
            if state["state"] in ("done", "failed"):
                return state
            await asyncio.sleep(0.05)


async def test_delete_when_open_then_its_parts_are_gone(tus: Any, installation: Any) -> None:
    """And its addresses lead nowhere that counts."""
    said = await begin(tus, 1000)
    await send_all(tus, said, b"x" * 1000)
    assert (await tus.client.delete(said["links"]["self"])).status_code == 204
    assert (await tus.client.get(said["links"]["self"])).status_code == 404
    assert (await tus.client.post(said["links"]["complete"])).status_code == 404
    assert installation.kept() == []


@EMBEDDED
async def test_address_when_bent_then_403(tus: Any) -> None:
    """Another part, another upload, no signature."""
    said, other = await begin(tus, 2 * MIB), await begin(tus, 2 * MIB)
    url = httpx.URL(said["parts"][0]["url"])
    bent = [
        url.copy_with(path=httpx.URL(said["parts"][1]["url"]).path),
        url.copy_with(path=httpx.URL(other["parts"][0]["url"]).path),
        url.copy_with(query=None),
        url.copy_merge_params({"expires": "9999999999"}),
    ]
    for one in bent:
        answer = await tus.client.put(one, content=b"x" * MIB)
        assert (answer.status_code, answer.json()["code"]) == (403, "signature-invalid")


@EMBEDDED
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"filename": "a", "size": 0}, 400),
        ({"filename": "a", "size": -1}, 400),
        ({"filename": "a", "size": 9 * MIB}, 413),
        ({"filename": "a", "size": 5, "sha256": "xyz"}, 400),
        ({"filename": "n" * 300, "size": 5}, 400),
        ({"filename": "a", "size": 1001, "part_size": 1}, 400),
        ({"filename": "a", "size": 5, "part_size": 0}, 400),
        ({"filename": "a", "size": 5, "part_sha256": ["0" * 64]}, 400),
        ({"filename": "a", "size": 5, "part_size": 5, "part_sha256": []}, 400),
        ({"filename": "a", "size": 5, "part_size": 3, "part_sha256": ["0" * 64]}, 400),
        ({"filename": "a", "size": 5, "part_size": 5, "part_sha256": ["xyz"]}, 400),
        ({"filename": "a", "size": 5, "tags": ["t" * 101]}, 400),
    ],
)
async def test_begin_when_it_makes_no_sense_then_is_refused(
    tus: Any, installation: Any, asked: dict[str, Any], status: int
) -> None:
    """By the same rules as every upload, before anything is promised."""
    answer = await tus.client.post("/uploads", json=asked)
    assert answer.status_code == status, answer.text
    assert installation.sessions() == []
