"""tus against the service, on both sets of engines: the protocol's own rules, and what may never happen to a file."""

import asyncio
import base64
import hashlib
import random
from typing import Any

import pytest

from filemill.chassis.ids import new_id

MIB = 1024 * 1024
CHUNK = "application/offset+octet-stream"
TEXT = b"A line that is a text. " * 40


def b64(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_options_when_asked_without_a_version_then_says_what_there_is(tus: Any) -> None:
    """The one call before anybody knows which version to speak."""
    answer = await tus.client.options("/tus/")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(8 * MIB)
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    offered = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation"
    assert answer.headers["tus-extension"] == offered


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1"])
async def test_call_when_of_another_version_then_412_says_ours(tus: Any, version: str | None) -> None:
    """Whatever the method; nothing is begun."""
    headers = {"Tus-Resumable": version} if version else {}
    for method, url in (
        ("POST", "/tus/"),
        ("HEAD", f"/tus/{new_id()}"),
        ("PATCH", f"/tus/{new_id()}"),
        ("DELETE", f"/tus/{new_id()}"),
    ):
        answer = await tus.client.request(method, url, headers={"Upload-Length": "5"} | headers)
        assert answer.status_code == 412
        assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"


@pytest.mark.parametrize("size", [1, len(TEXT), 64 * 1024, 64 * 1024 + 1, 3 * MIB])
async def test_upload_when_in_many_requests_then_is_one_file_with_every_byte(
    tus: Any, installation: Any, size: int
) -> None:
    """Its offset is told after each; the last answer, and every HEAD after it, names the file."""
    data, dice, at = some_bytes(size), random.Random(size), 0
    metadata = (
        f"filename {b64('Übung.bin')},title {b64('A title')},tags {b64('one,two')},external_id {b64('x-1')},other"
    )
    url = await tus.create(upload_length=size, upload_metadata=metadata)
    while at < size:
        part = data[at : at + dice.choice((1, size // 3 + 1, size))]
        answer = await tus.patch(url, at, part)
        at += len(part)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(at)), answer.text
        assert "upload-expires" in answer.headers
        assert await tus.offset(url) == at
    head = await tus.call("HEAD", url)
    assert head.headers["upload-length"] == head.headers["upload-offset"] == str(size)
    assert head.headers["upload-metadata"] == metadata
    assert head.headers["cache-control"] == "no-store"
    for said in (answer, head, await tus.patch(url, size, b"")):
        file = await tus.file(said)
        assert file["body"] == data
        assert (file["filename"], file["title"], file["tags"], file["external_id"]) == (
            "Übung.bin",
            "A title",
            ["one", "two"],
            "x-1",
        )
    assert len(installation.files()) == 1


async def test_creation_when_all_bytes_come_with_it_then_one_request_makes_the_file(
    tus: Any, installation: Any
) -> None:
    """creation-with-upload: 201 with place, offset and file."""
    answer = await tus.call(
        "POST", "/tus/", TEXT, content_type=CHUNK, upload_length=len(TEXT), upload_metadata=f"filename {b64('a.txt')}"
    )
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(TEXT)))
    file = await tus.file(answer)
    assert (file["body"], file["content_type"]) == (TEXT, "text/plain")
    assert await tus.offset(answer.headers["location"]) == len(TEXT)
    assert len(installation.files()) == 1


async def test_creation_when_some_bytes_come_with_it_then_the_rest_follows(tus: Any) -> None:
    """The first request may bring any part."""
    answer = await tus.call("POST", "/tus/", TEXT[:100], content_type=CHUNK, upload_length=len(TEXT))
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "100")
    assert "filemill-file" not in answer.headers
    last = await tus.patch(answer.headers["location"], 100, TEXT[100:])
    assert (await tus.file(last))["body"] == TEXT


async def test_length_when_deferred_then_is_said_once_later(tus: Any) -> None:
    """creation-defer-length: HEAD says so until then; another length afterwards is refused."""
    url = await tus.create(upload_defer_length=1)
    await tus.patch(url, 0, TEXT)
    head = await tus.call("HEAD", url)
    assert head.headers["upload-defer-length"] == "1"
    assert "upload-length" not in head.headers
    assert (await tus.patch(url, len(TEXT), TEXT, upload_length=3 * len(TEXT))).status_code == 204
    assert (await tus.patch(url, 2 * len(TEXT), TEXT, upload_length=9 * len(TEXT))).status_code == 409
    assert (await tus.file(await tus.patch(url, 2 * len(TEXT), TEXT)))["body"] == TEXT * 3
    url = await tus.create(upload_defer_length=1)
    await tus.patch(url, 0, TEXT)
    assert (await tus.file(await tus.patch(url, len(TEXT), b"", upload_length=len(TEXT))))["body"] == TEXT


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_checksum_when_it_does_not_fit_then_460_and_no_byte_counts(tus: Any, algorithm: str) -> None:
    """The right bytes with the right sum go on from the same place."""
    data = some_bytes(2 * MIB)
    right = f"{algorithm} {b64(hashlib.new(algorithm, data[:MIB]).digest())}"
    url = await tus.create(upload_length=len(data))
    answer = await tus.patch(url, 0, data[1 : MIB + 1], upload_checksum=right)
    assert (answer.status_code, answer.json()["code"]) == (460, "chunk-checksum-mismatch")
    assert await tus.offset(url) == 0
    assert (await tus.patch(url, 0, data[:MIB], upload_checksum=right)).status_code == 204
    assert (await tus.patch(url, MIB, data[MIB:], upload_checksum="crc32 AAAA")).status_code == 400
    assert (await tus.patch(url, MIB, data[MIB:], upload_checksum=right)).status_code == 460
    assert (await tus.file(await tus.patch(url, MIB, data[MIB:])))["body"] == data
    whole = await tus.call(
        "POST", "/tus/", data[:MIB][::-1], content_type=CHUNK, upload_length=MIB, upload_checksum=right
    )
    assert whole.status_code == 460


async def test_delete_when_unfinished_then_nothing_is_left(tus: Any, installation: Any) -> None:
    """termination: afterwards it is not there, for any method."""
    url = await tus.create(upload_length=2 * MIB)
    await tus.patch(url, 0, some_bytes(MIB))
    assert (await tus.call("DELETE", url)).status_code == 204
    for answer in (await tus.call("HEAD", url), await tus.call("DELETE", url), await tus.patch(url, MIB, b"x")):
        assert answer.status_code == 404
    assert installation.sessions() == installation.files() == []
    assert installation.kept() == []


async def test_delete_when_finished_then_the_file_stays(tus: Any) -> None:
    """The upload is forgotten, not what it made."""
    answer = await tus.call("POST", "/tus/", TEXT, content_type=CHUNK, upload_length=len(TEXT))
    assert (await tus.call("DELETE", answer.headers["location"])).status_code == 204
    assert (await tus.file(answer))["body"] == TEXT


async def test_concatenation_when_parts_are_whole_then_one_file_has_them_in_order(tus: Any, installation: Any) -> None:
    """Parts may come side by side, and stand in the final upload more than once; they make no files themselves."""
    parts = [some_bytes(MIB), some_bytes(70_000), b"z" * 10]
    urls = [await tus.create(upload_length=len(part), upload_concat="partial") for part in parts]
    assert installation.files() == []
    final = "final;" + " ".join([*urls, urls[2]])
    too_early = await tus.call("POST", "/tus/", upload_concat=final)
    assert too_early.status_code == 404
    await asyncio.gather(*(tus.patch(url, 0, part) for url, part in zip(urls, parts, strict=True)))
    assert (await tus.call("HEAD", urls[0])).headers["upload-concat"] == "partial"
    answer = await tus.call("POST", "/tus/", upload_concat=final, upload_metadata=f"filename {b64('sum.bin')}")
    assert answer.status_code == 201, answer.text
    file = await tus.file(answer)
    assert (file["body"], file["filename"]) == (b"".join(parts) + parts[2], "sum.bin")
    head = await tus.call("HEAD", answer.headers["location"])
    assert head.headers["upload-concat"] == final
    assert head.headers["upload-length"] == str(file["size"])
    assert (await tus.patch(answer.headers["location"], file["size"], b"")).status_code == 403
    assert (await tus.call("POST", "/tus/", upload_concat="final;" + answer.headers["location"])).status_code == 404
    assert len(installation.files()) == 1


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"upload_length": 5, "upload_defer_length": 1}, 400),
        ({"upload_defer_length": 2}, 400),
        ({"upload_length": -1}, 400),
        ({"upload_length": 0}, 400),
        ({"upload_length": "abc"}, 400),
        ({"upload_length": 8 * MIB + 1}, 413),
        ({"upload_length": "9" * 18}, 413),
        ({"upload_length": 5, "upload_metadata": "filename !!!"}, 400),
        ({"upload_length": 5, "upload_metadata": "metadata " + b64("{")}, 400),
        ({"upload_length": 5, "upload_metadata": "filename " + b64("n" * 300)}, 400),
        ({"upload_length": 5, "upload_concat": "final;/tus/../../etc/passwd"}, 400),
        ({"upload_concat": f"final;/tus/{new_id()}"}, 404),
        ({"upload_length": 5, "upload_concat": f"final;/tus/{new_id()}"}, 400),
    ],
)  # fmt: skip
async def test_creation_when_it_makes_no_sense_then_is_refused_and_nothing_is_kept(
    tus: Any, installation: Any, headers: dict[str, Any], status: int
) -> None:
    """Each with a clear code."""
    answer = await tus.call("POST", "/tus/", **headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"]
    assert installation.sessions() == []


async def test_patch_when_it_makes_no_sense_then_is_refused_and_the_offset_stands(tus: Any) -> None:
    """Type, offset, too many bytes: what was there before stays as it was."""
    url = await tus.create(upload_length=len(TEXT))
    await tus.patch(url, 0, TEXT[:50])
    assert (await tus.call("PATCH", url, b"x", upload_offset=50)).status_code == 415
    assert (await tus.call("PATCH", url, b"x", content_type=CHUNK)).status_code == 400
    for offset in (0, 49, 51, len(TEXT)):
        answer = await tus.patch(url, offset, TEXT[50:])
        assert (answer.status_code, answer.json()["code"]) == (409, "offset-conflict")
    assert (await tus.patch(url, 50, TEXT)).status_code == 413
    assert (await tus.patch(url, 50, b"x", upload_length=len(TEXT) + 1)).status_code == 409
    assert (await tus.call("POST", url, b"x", content_type=CHUNK, upload_offset=50)).status_code == 400
    assert await tus.offset(url) == 50
    last = await tus.call("POST", url, TEXT[50:], content_type=CHUNK, upload_offset=50, x_http_method_override="PATCH")
    assert (await tus.file(last))["body"] == TEXT
    assert (await tus.patch(url, len(TEXT), b"more")).status_code == 413


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    "name", ["x", "..%2f..%2fetc", "00000000-0000-0000-0000-000000000000", "019ac0de-7a3c-7d15-8000-3f1c2b4a5d6e"]
)
async def test_upload_when_unknown_then_404_whatever_the_name(tus: Any, name: str) -> None:
    """An id that is none looks like one that is not there."""
    for method in ("HEAD", "PATCH", "DELETE"):
        answer = await tus.client.request(
            method, f"/tus/{name}", headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": CHUNK}
        )
        assert answer.status_code == 404


@pytest.mark.parametrize(("name", "status"), [("setup.exe", 415), ("holiday.jpg", 422)])
@pytest.mark.parametrize("size", [1000, 600_000])
async def test_upload_when_it_turns_out_to_be_refused_then_it_is_forgotten(
    tus: Any, installation: Any, name: str, status: int, size: int
) -> None:
    """An executable is refused with the first 256 KiB, or at the end of a smaller one; nothing stays."""
    program = (b"\x7fELF" + bytes(60)).ljust(size, b"\x01")
    url = await tus.create(upload_length=size, upload_metadata=f"filename {b64(name)}")
    at = 0
    while (answer := await tus.patch(url, at, program[at : at + 150_000])).status_code == 204:
        at += 150_000
    assert answer.status_code == status, answer.text
    assert at <= 150_000
    assert (await tus.call("HEAD", url)).status_code == 404
    assert installation.sessions() == installation.files() == []
    assert installation.kept() == []


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_upload_when_deferred_and_beyond_the_limit_then_is_forgotten(tus: Any, installation: Any) -> None:
    """Nobody said how long it would be; the limit holds all the same."""
    url = await tus.create(upload_defer_length=1)
    assert (await tus.patch(url, 0, some_bytes(8 * MIB))).status_code == 204
    assert (await tus.patch(url, 8 * MIB, b"x")).status_code == 413
    assert installation.sessions() == []


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_uploads_when_too_many_are_open_then_429(installation: Any) -> None:
    """Each owner has a bound; a finished or ended one makes room."""
    async with installation.service(unfinished_most=2) as tus:
        urls = [await tus.create(upload_length=5) for _ in range(2)]
        answer = await tus.call("POST", "/tus/", upload_length=5)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        await tus.patch(urls[0], 0, b"abcde")
        await tus.create(upload_length=5)
        await tus.call("DELETE", urls[1])
        await tus.create(upload_length=5)
