"""Files that came out of others, on every set of engines: they follow their parent, in any depth, in bounded steps."""

import asyncio
from typing import Any

import httpx
import pytest

from adapters.uploads.conftest import Installation, Tus
from filemill.chassis.ids import new_id
from filemill.upload import families

PARENT = b"From: a@example.org\n\nwords\n"


async def put(tus: Tus, data: bytes = PARENT, name: str = "mail.eml") -> str:
    answer = await tus.client.put("/files", params={"filename": name}, content=data)
    return str(answer.raise_for_status().json()["file_id"])


async def child(
    tus: Tus, parent: str, path: str = "1/a.txt", data: bytes = b"one", key: str | None = None
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    asked = {"filename": path.rpartition("/")[2], "path": path}
    return await tus.client.put(f"/files/{parent}/children", params=asked, content=data, headers=headers)


async def made(tus: Tus, parent: str, path: str = "1/a.txt", data: bytes = b"one") -> str:
    return str((await child(tus, parent, path, data)).raise_for_status().json()["file_id"])


async def living(tus: Tus) -> set[str]:
    """The files that are not in the trash."""
    items = (await tus.client.get("/files", params={"limit": 500})).json()["items"]
    return {item["file_id"] for item in items}


async def follow(installation: Installation, tus: Tus, expected: set[str]) -> None:
    """Wait until just these are living and nobody has to follow any more."""
    async with asyncio.timeout(30):
        while await living(tus) != expected or installation.engines.rows("upload", "SELECT file_id FROM families"):
            pass


def told(installation: Installation, topic: str) -> list[str]:
    rows = installation.engines.rows("upload", "SELECT subject, body FROM outbox")
    return [subject for subject, body in rows if topic.encode() in bytes(body)]


async def test_child_when_made_then_it_says_where_from_and_a_repeat_makes_no_second(
    installation: Installation, tus: Tus
) -> None:
    """In the answer, in the list, in the event; the path is shown and never used."""
    parent = await put(tus)
    first = await child(tus, parent, "../x/a\u202e.txt", key="p.1.1")
    assert first.status_code == 201, first.text
    file = first.json()
    assert (file["parent_id"], file["parent_path"], file["filename"]) == (parent, "../x/a.txt", "a.txt")
    again = await child(tus, parent, "../x/a\u202e.txt", key="p.1.1")
    assert (again.json()["file_id"], again.headers["idempotent-replayed"]) == (file["file_id"], "true")
    rows = installation.engines.rows("upload", "SELECT body FROM outbox")
    [event] = [bytes(body) for (body,) in rows if b'"parent_id"' in bytes(body)]
    assert b'"depth":1' in event


@pytest.mark.parametrize("how", ["never", "trash", "purge"])
async def test_child_when_the_parent_is_not_there_then_404(tus: Tus, how: str) -> None:
    """No file comes out of one that is gone."""
    parent = await put(tus) if how != "never" else new_id()
    if how != "never":
        await tus.client.delete(f"/files/{parent}", params={"purge": how == "purge"})
    assert (await child(tus, parent)).status_code == 404


async def test_child_when_the_parent_goes_while_its_bytes_arrive_then_it_never_is(tus: Tus) -> None:
    """The transaction looks again."""
    parent = await put(tus)

    async def body() -> Any:
        yield b"on"
        (await tus.client.delete(f"/files/{parent}")).raise_for_status()
        yield b"e"

    answer = await tus.client.put(f"/files/{parent}/children", params={"path": "a"}, content=body())
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert await living(tus) == set()


async def test_child_when_nested_then_three_deep_and_no_further(tus: Tus) -> None:
    """A child of a child of a child has none."""
    parent = await put(tus)
    for depth in range(3):
        parent = await made(tus, parent, data=b"depth %d" % depth)
    answer = await child(tus, parent, data=b"depth 4")
    assert (answer.status_code, answer.json()["code"]) == (422, "nested-too-deep")


async def test_family_when_its_parent_goes_to_the_trash_and_back_then_all_follow_but_those_that_went_alone(
    installation: Installation, tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in several steps, and children of children; who was in the trash before stays there."""
    monkeypatch.setattr(families, "AT_ONCE", 2)
    parent, other = await put(tus), await put(tus, b"another file", "b.txt")
    children = [await made(tus, parent, f"{at}.txt", b"%d" % at) for at in range(5)]
    inner = await made(tus, children[0], "inner.txt", b"inner")
    alone = children.pop()
    await tus.client.delete(f"/files/{alone}")
    await tus.client.delete(f"/files/{parent}")
    await follow(installation, tus, {other})
    assert sorted(told(installation, "file.deleted")) == sorted([alone, parent, inner, *children])
    (await tus.client.post(f"/files/{parent}/restore")).raise_for_status()
    await follow(installation, tus, {other, parent, inner, *children})


async def test_family_when_its_parent_is_purged_then_nothing_of_it_is_left(
    installation: Installation, tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The living and those in the trash, in any depth; the parent's purge is not done before theirs are."""
    monkeypatch.setattr(families, "AT_ONCE", 2)
    parent = await put(tus)
    children = [await made(tus, parent, f"{at}.txt", b"%d" % at) for at in range(4)]
    await made(tus, children[0], "inner.txt", b"inner")
    await tus.client.delete(f"/files/{children[1]}")
    purge = (await tus.client.delete(f"/files/{parent}", params={"purge": True})).json()
    await follow(installation, tus, set())
    assert installation.files() == []
    purges = installation.engines.rows("upload", "SELECT cause, part_of FROM purges ORDER BY cause")
    assert purges == [("asked", None), *[("parent", purge["purge_id"])] * 5]
    assert (await tus.client.get(f"/purges/{purge['purge_id']}")).json()["done_at"] is None


async def test_parent_when_purged_by_a_service_that_dies_then_the_next_one_goes_on(installation: Installation) -> None:
    """What has still to follow is a row, not a memory."""

    async def nothing(_self: Any) -> None:
        await asyncio.Event().wait()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(families.Families, "run", nothing)
        async with installation.service() as tus:
            parent = await put(tus)
            await made(tus, parent)
            await tus.client.delete(f"/files/{parent}", params={"purge": True})
            assert len(installation.files()) == 1
    async with installation.service() as tus:
        await follow(installation, tus, set())
        assert installation.files() == []
