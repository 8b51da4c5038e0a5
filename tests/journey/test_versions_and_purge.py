"""A file's later life: new content, links for others, the same bytes twice, and gone for good."""

import hashlib
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest

from journey.conftest import Document, Finished, Upload
from support.mill import Mill, wait_for

FIRST = b"The first words of a long story.\n" * 9000
SECOND = b"Quite other words: marmalade.\n" * 90_000  # more than a body that is no file may have


def content(client: httpx.Client, file_id: str, **asked: str) -> bytes:
    return client.get(f"/api/upload/files/{file_id}/content", params=asked).raise_for_status().content


def test_version_when_new_content_comes_then_it_is_processed_and_the_old_one_stays_readable(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """`PUT content` makes version 2; search and text follow it; version 1 is read by its number."""
    file_id = upload("story.txt", FIRST)["file_id"]
    finished(file_id)
    answer = client.put(f"/api/upload/files/{file_id}/content", content=SECOND)
    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    wait_for(lambda: finished(file_id)["version"] == 2, "metadata to know version 2")
    assert finished(file_id)["sha256"] == hashlib.sha256(SECOND).hexdigest()
    assert content(client, file_id) == SECOND
    assert content(client, file_id, version="1") == FIRST
    listed = client.get(f"/api/upload/files/{file_id}/versions").raise_for_status().json()["items"]
    assert [one["version"] for one in listed] == [2, 1]
    assert client.get(listed[1]["links"]["content"]).content == FIRST

    def found() -> bool:
        hits = client.get("/api/metadata/files", params={"q": "marmalade"}).json()["items"]
        return file_id in [hit["file_id"] for hit in hits]

    wait_for(found, "version 2 to be found by its words")
    assert client.get(f"/api/upload/files/{file_id}/content?version=3").status_code == 404


def is_gone(client: httpx.Client, path: str) -> bool:
    """404; a service that could not ask upload just now says 503, and never that it is there."""
    status = client.get(path).status_code
    assert status in (404, 503)
    return status == 404


def test_version_when_somebody_was_faster_then_if_match_says_so(client: httpx.Client, upload: Upload) -> None:
    """412, and the newest version stays the newest."""
    file_id = upload("race.txt", b"one")["file_id"]
    known = client.get(f"/api/upload/files/{file_id}/content").headers["ETag"]
    path = f"/api/upload/files/{file_id}/content"
    assert client.put(path, content=b"two", headers={"If-Match": known}).status_code == 201
    late = client.put(path, content=b"three", headers={"If-Match": known})
    assert (late.status_code, late.json()["code"]) == (412, "precondition-failed")
    assert content(client, file_id) == b"two"


def test_upload_when_the_same_bytes_come_twice_then_they_are_stored_once(client: httpx.Client, upload: Upload) -> None:
    """Two files, two names, one body on the disk."""
    before = client.get("/api/upload/stats").json()
    body = b"stored only once, however often it comes " * 5000
    one, two = upload("one.txt", body), upload("two.txt", body)
    assert one["file_id"] != two["file_id"]
    after = client.get("/api/upload/stats").json()
    assert after["bytes"] - before["bytes"] == 2 * len(body)
    assert after["bytes_stored"] - before["bytes_stored"] == len(body)
    client.delete(f"/api/upload/files/{one['file_id']}?purge=true")
    assert content(client, two["file_id"]) == body


def test_signed_url_when_given_to_others_then_it_opens_that_version_until_it_is_changed(
    client: httpx.Client, mill: Mill, upload: Upload
) -> None:
    """No credentials, ranges too, safe headers; a changed link says 403 with the reason."""
    file_id = upload("shared.txt", FIRST)["file_id"]
    link = client.post(f"/api/upload/files/{file_id}/signed-url", json={"expires_in": 60}).raise_for_status().json()
    assert urlsplit(link["url"]).netloc == urlsplit(mill.url).netloc
    client.put(f"/api/upload/files/{file_id}/content", content=SECOND).raise_for_status()
    answer = httpx.get(link["url"], headers={"Range": "bytes=4-8"}, follow_redirects=True)
    assert (answer.status_code, answer.content) == (206, FIRST[4:9])
    changed = httpx.get(link["url"].replace("version=1", "version=2"))
    assert (changed.status_code, changed.json()["code"]) == (403, "signature-invalid")
    assert client.get(f"/api/upload/signed/files/{file_id}").json()["code"] == "signature-invalid"
    assert client.post(f"/api/upload/files/{file_id}/signed-url", json={"expires_in": 10**9}).status_code == 400


def test_purge_when_asked_then_every_service_confirms_and_nothing_answers_any_more(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """202 with a place to look; done when all have confirmed; then 404 everywhere and no hit."""
    file_id = upload("secret.txt", b"An unusual word: zyzzyvas. " * 50)["file_id"]
    finished(file_id)
    answer = client.delete(f"/api/upload/files/{file_id}?purge=true")
    assert answer.status_code == 202

    def done() -> Document | None:
        purge: Document = client.get(answer.headers["Location"]).raise_for_status().json()
        return purge if purge["done_at"] else None

    purge = wait_for(done, "the purge to end")
    assert purge is not None
    assert {one["state"] for one in purge["services"].values()} == {"confirmed"}
    assert sorted(purge["services"]) == ["ai", "metadata", "notification", "processing", "upload"]
    assert purge["services"]["processing"]["removed"]["blobs"] >= 1
    for service, path in (("upload", "content"), ("metadata", "text"), ("metadata", "audit"), ("upload", "versions")):
        wait_for(partial(is_gone, client, f"/api/{service}/files/{file_id}/{path}"), f"{path} to be gone")
    assert client.get("/api/metadata/files", params={"q": "zyzzyvas"}).json()["items"] == []
    assert client.post(f"/api/ai/analyze/{file_id}").status_code == 404
    assert client.post(f"/api/upload/files/{file_id}/restore").status_code == 404


@pytest.mark.parametrize("query", ["", "?version=1"])
def test_content_when_in_the_trash_then_no_version_answers(client: httpx.Client, upload: Upload, query: str) -> None:
    """Deleted is deleted, for old versions too; restore brings all of them back."""
    file_id = upload("trash.txt", b"words")["file_id"]
    client.delete(f"/api/upload/files/{file_id}")
    assert client.get(f"/api/upload/files/{file_id}/content{query}").status_code == 404
    client.post(f"/api/upload/files/{file_id}/restore").raise_for_status()
    assert content(client, file_id) == b"words"
