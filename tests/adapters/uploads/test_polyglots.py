"""What is odd about a file is told, or refused, by every way in: also where its head and its tail came hours apart."""

import io
import random
import zipfile
from typing import Any

import httpx

HEAD = b"%PDF-1.7\n" + random.Random(8).randbytes(300_000)


def polyglot(large: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", b"words")
    return (HEAD if large else HEAD[:3000]) + out.getvalue()


async def by_tus(tus: Any, body: bytes, at: int) -> httpx.Response:
    """In two requests."""
    url = await tus.create(upload_length=len(body))
    assert (await tus.patch(url, 0, body[:at])).is_success
    answer: httpx.Response = await tus.patch(url, at, body[at:])
    return answer


async def by_direct(tus: Any, body: bytes) -> httpx.Response:
    said = (await tus.client.post("/uploads", json={"filename": "a.bin", "size": len(body)})).json()
    for part in said["parts"]:
        data = body[part["offset"] : part["offset"] + part["size"]]
        if part["url"].startswith("http://x/"):
            await tus.client.put(part["url"], content=data)
        else:
            async with httpx.AsyncClient(timeout=30) as elsewhere:
                await elsewhere.put(part["url"], content=data)
    answer: httpx.Response = await tus.client.post(said["links"]["complete"])
    return answer


async def every_way(tus: Any, file_id: str) -> dict[str, httpx.Response]:
    large, small = polyglot(), polyglot(large=False)
    return {
        "form": await tus.client.post("/files", files={"file": ("a.bin", large)}),
        "raw": await tus.client.put("/files", content=large),
        "small": await tus.client.put("/files", content=small),
        "version": await tus.client.put(f"/files/{file_id}/content", content=large),
        "tus": await by_tus(tus, large, len(large) - 30),
        "small by tus": await by_tus(tus, small, 10),
        "direct": await by_direct(tus, large),
    }


async def test_polyglot_when_it_comes_by_any_way_then_taken_and_flagged(installation: Any) -> None:
    """The warning is the file's, until another version comes."""
    async with installation.service() as tus:
        file_id = (await tus.client.put("/files", content=b"plain")).json()["file_id"]
        for way, answer in (await every_way(tus, file_id)).items():
            assert answer.is_success, (way, answer.text)
            link = answer.headers.get("filemill-file") or answer.headers.get("location") or f"/files/{file_id}"
            file = (await tus.client.get(link)).json()
            assert [one["code"] for one in file["warnings"]] == ["polyglot"], way
            assert "a zip archive" in file["warnings"][0]["detail"]
        await tus.client.put(f"/files/{file_id}/content", content=b"plain again")
        assert (await tus.client.get(f"/files/{file_id}")).json()["warnings"] == []


async def test_polyglot_when_the_setting_refuses_them_then_422_and_nothing_is_kept(installation: Any) -> None:
    """By every way; an honest file is taken."""
    async with installation.service(polyglots="refuse", dedupe="off") as tus:
        file_id = (await tus.client.put("/files", content=b"plain")).json()["file_id"]
        for way, answer in (await every_way(tus, file_id)).items():
            assert (answer.status_code, answer.json()["code"]) == (422, "polyglot"), (way, answer.text)
        assert len(installation.files()) == 1
        assert len(installation.kept()) == 1
