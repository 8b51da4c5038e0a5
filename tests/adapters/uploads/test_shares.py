"""Links to a file that can be taken back: what they open, for whom, how long, and what is kept of them."""

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

BODY = b"Words to be shared. " * 100
LATER = b"Newer words. " * 100


async def put(tus: Any, body: bytes = BODY) -> str:
    return str((await tus.client.put("/files?filename=a.txt", content=body)).json()["file_id"])


async def share(tus: Any, file_id: str, **asked: Any) -> dict[str, Any]:
    answer = await tus.client.post(f"/files/{file_id}/shares", json=asked)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    parts = urlsplit(made["url"])
    return made | {"path": f"{parts.path}?{parts.query}"}


async def refusal(tus: Any, path: str) -> tuple[int, str]:
    answer = await tus.client.get(path)
    assert BODY not in answer.content
    return answer.status_code, answer.json()["code"]


async def test_share_when_opened_then_gives_the_bytes_as_content_does(tus: Any) -> None:
    """Whole, a range, not modified, HEAD; and headers that keep the address out of indexes and other people's logs."""
    file_id = await put(tus)
    link = (await share(tus, file_id, note="for bob"))["path"]
    whole = await tus.client.get(link)
    assert (whole.status_code, whole.content) == (200, BODY)
    assert whole.headers["etag"] == f'"{hashlib.sha256(BODY).hexdigest()}"'
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in whole.headers["content-security-policy"]
    assert whole.headers.get_list("referrer-policy") == ["same-origin"]
    assert whole.headers["x-robots-tag"] == "noindex, nofollow"
    assert whole.headers["cache-control"] == "private, no-cache"
    part = await tus.client.get(link, headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, BODY[:5])
    assert (await tus.client.get(link, headers={"If-None-Match": whole.headers["etag"]})).status_code == 304
    head = await tus.client.head(link)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(BODY)))


async def test_share_when_a_new_version_comes_then_follows_it_unless_bound(tus: Any) -> None:
    """Without `version` the newest; with it that one, whatever comes."""
    file_id = await put(tus)
    newest, bound = (await share(tus, file_id))["path"], (await share(tus, file_id, version=1))["path"]
    await tus.client.put(f"/files/{file_id}/content", content=LATER)
    assert (await tus.client.get(newest)).content == LATER
    assert (await tus.client.get(bound)).content == BODY
    assert (await tus.client.post(f"/files/{file_id}/shares", json={"version": 7})).status_code == 404


async def test_share_when_taken_back_then_opens_nothing_in_any_instance(installation: Any) -> None:
    """At once, with a code of its own; a second time changes nothing."""
    async with installation.service() as tus, installation.service() as other:
        file_id = await put(tus)
        made = await share(tus, file_id)
        assert (await other.client.get(made["path"])).content == BODY
        for _ in range(2):
            gone = await other.client.delete(f"/files/{file_id}/shares/{made['share_id']}")
            assert gone.status_code == 204
        assert await refusal(tus, made["path"]) == (403, "share-revoked")
        [listed] = (await tus.client.get(f"/files/{file_id}/shares")).json()["items"]
        assert (listed["state"], listed["created_by"]) == ("revoked", "local")


async def test_share_when_expired_or_wrong_then_says_which(tus: Any) -> None:
    """Who has not the secret is not told whether there is such a link."""
    file_id = await put(tus)
    made = await share(tus, file_id)
    base, _, secret = made["path"].partition("?secret=")
    wrong = [
        base,
        f"{base}?secret=",
        f"{base}?secret={secret[:-1]}x",
        f"/shared/{file_id}?secret={secret}",
        f"/shared/x?secret={secret}",
    ]
    for path in wrong:
        assert await refusal(tus, path) == (403, "share-invalid")
    assert (await tus.client.get(f"{base}?secret={'x' * 101}")).status_code == 400
    short = (await share(tus, file_id, expires_in=1))["path"]
    async with asyncio.timeout(10):
        while True:
            if (await tus.client.get(short)).status_code != 200:
                break
            await asyncio.sleep(0.05)
    assert await refusal(tus, short) == (403, "share-expired")


@pytest.mark.parametrize(
    "body", [{"expires_in": 0}, {"expires_in": 91 * 86_400}, {"note": "a\x00b"}, {"note": "x" * 201}, {"days": 3}]
)
async def test_share_when_asked_for_wrongly_then_400(tus: Any, body: dict[str, Any]) -> None:
    """More time than the installation gives, a field nobody knows, a note that is none."""
    file_id = await put(tus)
    assert (await tus.client.post(f"/files/{file_id}/shares", json=body)).status_code == 400


async def test_share_when_the_file_is_in_the_trash_then_404_until_it_is_back(tus: Any) -> None:
    """As a signed link."""
    file_id = await put(tus)
    link = (await share(tus, file_id))["path"]
    await tus.client.delete(f"/files/{file_id}")
    assert await refusal(tus, link) == (404, "not-found")
    await tus.client.post(f"/files/{file_id}/restore")
    assert (await tus.client.get(link)).content == BODY


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_share_when_the_file_is_held_back_then_says_so(tus: Any, installation: Any) -> None:
    """What the scanner has not seen, or found something in, nobody gets by a link either."""
    file_id = await put(tus)
    link = (await share(tus, file_id))["path"]
    for held, code in (("scanning", "file-scanning"), ("quarantined", "file-quarantined")):
        with closing(sqlite3.connect(installation.settings.data_dir / "databases" / "upload.db")) as db, db:
            db.execute("UPDATE files SET held = ?", [held])
        assert await refusal(tus, link) == (403, code)


async def test_share_when_the_file_is_purged_then_its_links_are_forgotten(tus: Any, installation: Any) -> None:
    """Nothing is left of a link, neither."""
    file_id = await put(tus)
    link = (await share(tus, file_id, note="for bob"))["path"]
    assert (await tus.client.delete(f"/files/{file_id}?purge=true")).status_code == 202
    assert installation.engines.rows("upload", "SELECT count(*) FROM shares") == [(0,)]
    assert await refusal(tus, link) == (403, "share-invalid")


async def test_share_when_a_file_has_a_hundred_then_no_more_until_one_ends(tus: Any, installation: Any) -> None:
    """And of those that ended a hundred are remembered."""
    file_id = await put(tus)
    made = [await share(tus, file_id) for _ in range(100)]
    answer = await tus.client.post(f"/files/{file_id}/shares", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-shares")
    for one in made:
        await tus.client.delete(f"/files/{file_id}/shares/{one['share_id']}")
    for _ in range(5):
        await share(tus, file_id)
    assert installation.engines.rows("upload", "SELECT count(*) FROM shares WHERE revoked_at IS NOT NULL") == [(99,)]
    listed = await tus.client.get(f"/files/{file_id}/shares", params={"limit": 3})
    again = await tus.client.get(
        f"/files/{file_id}/shares", params={"limit": 3, "cursor": listed.json()["next_cursor"]}
    )
    ids = [one["share_id"] for page in (listed, again) for one in page.json()["items"]]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == 6


async def test_share_when_made_and_opened_then_it_is_counted_and_told(tus: Any, installation: Any) -> None:
    """The trail hears of the making, each opening, each refusal and the taking back; the secret is nowhere."""
    file_id = await put(tus)
    made = await share(tus, file_id)
    for _ in range(3):
        await tus.client.get(made["path"])
    await tus.client.delete(f"/files/{file_id}/shares/{made['share_id']}")
    await tus.client.get(made["path"])

    async def told() -> list[dict[str, Any]]:
        events = [json.loads(bytes(body)) for (body,) in installation.engines.rows("upload", "SELECT body FROM outbox")]
        return [one["data"] for one in events if one["type"] == "file.accessed"]

    async with asyncio.timeout(10):
        while True:
            if len(await told()) == 6:
                break
            await asyncio.sleep(0.05)
    said = sorted((one["action"], one["actor"], one["outcome"], one.get("reason")) for one in await told())
    assert said == [
        *[("share", "local", "ok", None)],
        *[("share-open", "share", "ok", None)] * 3,
        ("share-open", "share", "refused", "share-revoked"),
        ("unshare", "local", "ok", None),
    ]
    assert {one["share_id"] for one in await told()} == {made["share_id"]}
    [listed] = (await tus.client.get(f"/files/{file_id}/shares")).json()["items"]
    assert (listed["opens"], listed["last_opened_at"] is not None) == (3, True)
    secret = made["url"].partition("?secret=")[2]
    [row] = installation.engines.rows("upload", "SELECT * FROM shares")
    assert secret not in str(row)
    assert secret not in str(await told())
