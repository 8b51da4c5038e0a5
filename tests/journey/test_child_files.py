"""What is in a mail or an archive is found as files of their own, and goes with what it came out of."""

import io
import zipfile
from email.message import EmailMessage
from typing import Any

import httpx

from journey.conftest import Finished, Upload
from support.mill import Mill, wait_for


def mail(*attachments: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "anna@example.org", "ben@example.org", "Two reports"
    message.set_content("The reports about zirconium are attached.")
    for name, content in attachments:
        message.add_attachment(content, maintype="text", subtype="plain", filename=name)
    return message.as_bytes()


def zipped(members: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


def children(client: httpx.Client, parent: str, count: int) -> dict[str, dict[str, Any]]:
    """By path, once there are so many."""

    def look() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = client.get("/api/metadata/files", params={"parent": parent}).json()["items"]
        return items if len(items) >= count else None

    found = wait_for(look, f"{count} children of {parent}", 60) or []
    assert len(found) == count
    return {item["parent_path"]: item for item in found}


def found(client: httpx.Client, word: str) -> set[str]:
    return {item["file_id"] for item in client.get("/api/metadata/files", params={"q": word}).json()["items"]}


def test_mail_when_it_has_attachments_then_they_are_files_found_by_their_words_and_purged_with_it(
    mill: Mill, client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """Two attachments, two files, each with a parent; one purge ends all three."""
    sent = mail(("first.txt", b"Words about quokkas, and nothing else."), ("second.txt", b"Words about axolotls only."))
    parent = upload("reports.eml", sent)["file_id"]
    finished(parent)
    made = children(client, parent, 2)
    assert set(made) == {"1/first.txt", "2/second.txt"}
    first, second = (made[path]["file_id"] for path in sorted(made))
    assert finished(first)["parent_id"] == parent
    finished(second)
    wait_for(lambda: found(client, "quokkas") == {first}, "the first attachment to be found")
    wait_for(lambda: found(client, "axolotls") == {second}, "the second attachment to be found")
    parts = client.get(f"/api/processing/files/{parent}/parts").json()["items"]
    assert [(one["state"], one["child_id"]) for one in parts] == [("handed", first), ("handed", second)]
    purge = client.delete(f"/api/upload/files/{parent}", params={"purge": True}).json()

    def done() -> bool:
        return bool(client.get(f"/api/upload/purges/{purge['purge_id']}").json()["done_at"])

    wait_for(done, "the mail and its attachments to be purged", 60)
    for file_id in (parent, first, second):
        assert client.get(f"/api/upload/files/{file_id}").status_code == 404
        assert client.get(f"/api/metadata/files/{file_id}").status_code == 404
        assert mill.rows("upload", f"SELECT file_id FROM files WHERE file_id = '{file_id}'") == []
    assert found(client, "quokkas") == found(client, "axolotls") == set()


def test_archive_when_unpacking_is_asked_for_then_its_entries_are_files_and_a_second_time_changes_nothing(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """Never by itself; some of it, then all; a mail in it has its attachment taken out, too."""
    inner = mail(("deep.txt", b"Words about wombats."))
    body = zipped(
        {"docs/a.txt": b"Words about narwhals.", "b.txt": b"Words about ocelots.", "m.eml": inner, "empty": b""}
    )
    parent = upload("things.zip", body)["file_id"]
    finished(parent)
    assert client.get("/api/metadata/files", params={"parent": parent}).json()["items"] == []
    url = f"/api/processing/files/{parent}/unpack"
    answer = client.post(url, json={"paths": ["b.txt"]})
    assert answer.status_code == 202, answer.text
    assert answer.json()["lane"] == "bulk"
    assert client.get(answer.headers["location"]).json()["job_id"] == answer.json()["job_id"]
    [(path, ocelots)] = children(client, parent, 1).items()
    assert path == "b.txt"
    jobs = {client.post(url).json()["job_id"] for _ in range(2)}
    assert len(jobs) == 1
    made = children(client, parent, 3)
    assert made["b.txt"]["file_id"] == ocelots["file_id"]
    [deep] = children(client, made["m.eml"]["file_id"], 1).values()
    finished(deep["file_id"])
    wait_for(lambda: found(client, "wombats") == {deep["file_id"]}, "the attachment in the archive to be found")

    def refused() -> list[Any]:
        parts = client.get(f"/api/processing/files/{parent}/parts").json()["items"]
        return [one["reason"]["code"] for one in parts if one["state"] == "refused"]

    wait_for(lambda: refused() == ["empty-file"], "upload to refuse the empty entry")
    client.delete(f"/api/upload/files/{parent}")
    gone = (made["b.txt"], made["docs/a.txt"], made["m.eml"], deep)

    def statuses() -> set[int]:
        return {client.get(f"/api/upload/files/{one['file_id']}").status_code for one in gone}

    wait_for(lambda: statuses() == {404}, "every child to be in the trash")
    client.post(f"/api/upload/files/{parent}/restore")
    wait_for(lambda: statuses() == {200}, "every child to be back")


def test_text_when_unpacking_is_asked_for_then_it_says_that_nothing_is_inside(
    client: httpx.Client, upload: Upload, finished: Finished
) -> None:
    """With a code of its own."""
    file_id = upload("plain.txt", b"just words about nothing")["file_id"]
    finished(file_id)
    answer = client.post(f"/api/processing/files/{file_id}/unpack")
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing-inside")
