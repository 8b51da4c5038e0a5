"""A mill with a scanner (a real clamd) that does not look inside of mails: what comes out of one is scanned by itself."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.mill import Mill, wait_for
from support.servers import clamd
from support.servers.clamd import BAD_WORD, Clamd
from support.servers.plugin import Servers

pytestmark = pytest.mark.servers
GOOD = b"A letter about wombats in Berlin.\n"


@pytest.fixture
def shallow_clamd(servers: Servers) -> Iterator[Clamd]:
    """A daemon that takes a mail for one piece of bytes."""
    if not clamd.PROGRAM.exists():
        servers.missing("ClamAV's daemon is not installed (Debian: clamav-daemon)")
    yield from servers.running(Clamd(looks_inside=False))


def mail(attachments: dict[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "anna@example.org", "ben@example.org", "Two letters"
    message.set_content("They are attached.")
    for name, content in attachments.items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def children(client: httpx.Client, parent: str) -> dict[str, str]:
    """The file that became of each part, by its path."""
    answer: dict[str, Any] = client.get(f"/api/processing/files/{parent}/parts").json()
    parts: list[dict[str, Any]] = answer.get("items", [])  # while the mail is scanned, processing knows no such file
    return {one["path"]: one["child_id"] for one in parts if one["child_id"]}


def test_mail_when_an_attachment_is_infected_then_that_one_is_quarantined_and_the_other_is_a_file(
    tmp_path: Path, shallow_clamd: Clamd
) -> None:
    """The mail itself was clean to the scanner; a child goes through the same door as whatever is uploaded."""
    mill = Mill(tmp_path / "data", CLAMD_URL=shallow_clamd.unix_url)
    try:
        mill.start()
        with mill.client() as client:
            body = mail({"good.txt": GOOD, "bad.txt": b"Wombats. " + BAD_WORD})
            sent = client.put("/api/upload/files", params={"filename": "m.eml"}, content=body).json()
            wait_for(lambda: len(children(client, sent["file_id"])) == 2, "both attachments to be files", 60)
            made = children(client, sent["file_id"])
            good, bad = made["1/good.txt"], made["2/bad.txt"]

            def status(file_id: str) -> str:
                return str(client.get(f"/api/metadata/files/{file_id}").raise_for_status().json()["status"])

            wait_for(lambda: status(good) == "processed", "the clean attachment to be processed", 60)
            wait_for(lambda: status(bad) == "quarantined", "the infected attachment to be quarantined", 60)
            assert status(sent["file_id"]) == "processed"
            answer = client.get(f"/api/upload/files/{bad}/content")
            assert (answer.status_code, answer.json()["code"]) == (403, "file-quarantined")
            assert client.get(f"/api/upload/files/{good}/content", follow_redirects=True).content == GOOD
            assert mill.rows("processing", "SELECT count(*) FROM jobs WHERE file_id = ?", bad) == [(0,)]

            def found() -> list[str]:
                hits = client.get("/api/metadata/files", params={"q": "wombats"}).json()["items"]
                return [hit["file_id"] for hit in hits]

            wait_for(lambda: found() == [good], "only the clean attachment to be found", 30)
    finally:
        assert mill.stop() == 0, mill.said()
