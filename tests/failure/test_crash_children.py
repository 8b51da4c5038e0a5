"""Mails whose attachments become files, in a mill killed at every point of that way: each is there once, and goes whole."""

import os
import secrets
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from support.mill import Mill, wait_for

MAILS, ATTACHED = 12, 4
# A process that was killed several times is started again after ten seconds: more kills only make it wait.
POINTS = "processing.part.*=0.01,processing.parts-stored=0.05,upload.accept-child.*=0.02,upload.family.*=0.05,jobs.done.*=0.01"
PATIENCE_S = 120.0


def mail(number: int, salt: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", f"Mail {number}"
    message.set_content(f"Mail {number} of {salt}.")
    for at in range(ATTACHED):
        body = f"Attachment {at} of mail {number}, {salt}.".encode()
        message.add_attachment(body, maintype="text", subtype="plain", filename=f"{at}.txt")
    return message.as_bytes()


def ask(client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
    """Again and again: whoever answers may just have been killed."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            answer = client.request(method, path, **more)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code not in (409, 500, 502, 503, 504):
            return answer
        assert time.monotonic() < until_s, f"{method} {path} in vain"


def test_children_when_killed_anywhere_then_each_is_there_once_and_is_purged_with_its_parent(tmp_path: Path) -> None:
    """By name, with kill -9, in both services and the worker; at the end no blob of a part is left."""
    salt = os.environ.get("FILEMILL_TEST_SEED") or str(secrets.randbits(32))
    log = tmp_path / "kills"
    switches = {"FILEMILL_TEST_CRASH": POINTS, "FILEMILL_TEST_CRASH_LOG": str(log)}
    mill = Mill(tmp_path / "data", FILEMILL_LOG_FORMAT="json", **switches)
    mill.start()
    try:
        with mill.client() as client:
            parents = [sent(client, number, salt) for number in range(MAILS)]
            wait_for(lambda: is_whole(mill), f"every attachment to be a file ({salt})", PATIENCE_S, every_s=0.2)
            for parent in parents[: MAILS // 2]:
                ask(client, "DELETE", f"/api/upload/files/{parent}", params={"purge": True})
            left = (MAILS - MAILS // 2) * (1 + ATTACHED)
            counted = "SELECT count(*) FROM files"
            wait_for(lambda: mill.rows("upload", counted) == [(left,)], f"the purges ({salt})", PATIENCE_S, every_s=0.2)
            Path(f"{log}.over").touch()
            kills = log.read_text().split() if log.exists() else []
            wait_for(lambda: is_over(mill, left), f"the mill to be done ({salt})", PATIENCE_S, every_s=0.2)
            keys = {key for (key,) in mill.rows("upload", "SELECT key FROM idempotency") if key.startswith("part.")}
            assert len(keys) == MAILS * ATTACHED
            assert kills, "nobody was killed: it says nothing"
    finally:
        Path(f"{log}.over").touch()
        mill.stop()


def sent(client: httpx.Client, number: int, salt: str) -> str:
    answer = ask(
        client, "PUT", "/api/upload/files", params={"filename": f"{number}.eml"}, content=mail(number, salt),
        headers={"Idempotency-Key": f"{salt}.{number}"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file_id"])


def is_whole(mill: Mill) -> bool:
    """Every part handed over, and just so many files."""
    handed = mill.rows("processing", "SELECT count(*) FROM parts WHERE state = 'handed'")
    if handed != [(MAILS * ATTACHED,)]:
        return False
    assert mill.rows("upload", "SELECT count(*) FROM files WHERE parent_id IS NOT NULL") == handed
    distinct = mill.rows("upload", "SELECT count(*) FROM (SELECT DISTINCT parent_id, parent_path FROM files) AS places")
    assert distinct == [(MAILS * ATTACHED + 1,)]
    return True


def is_over(mill: Mill, left: int) -> bool:
    """Nobody has to follow, nothing is to be removed, and the others know what upload knows."""
    quiet = [
        mill.rows("upload", "SELECT file_id FROM families") == [],
        mill.rows("processing", "SELECT file_id FROM parts WHERE storage_key IS NOT NULL") == [],
        mill.rows("processing", "SELECT storage_key FROM removals") == [],
        mill.rows("upload", "SELECT purge_id FROM purges WHERE done_at IS NULL") == [],
        mill.rows("metadata", "SELECT count(*) FROM documents") == [(left,)],
        mill.rows("processing", "SELECT count(*) FROM parts") == [(left - left // (1 + ATTACHED),)],
    ]
    return all(quiet)
