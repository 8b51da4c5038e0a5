"""Everything of an owner as one zip: for an admin, for oneself; and a zip that somebody changed is found."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.callers import Callers, make_key
from support.mill import Mill, wait_for

FIRST, SECOND = b"The first words. " * 200, b"The second words. " * 200


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that asks for keys."""
    mill = Mill(tmp_path_factory.mktemp("export") / "data", FILEMILL_AUTH="keys", FILEMILL_WEBHOOK_LOOPBACK="true")
    try:
        mill.start()
        yield mill
    finally:
        mill.stop()


@pytest.fixture(scope="module")
def file_id(mill: Mill, client_with: Callers) -> str:
    """A file of ann's with two versions and everything else that she has; bob has one, too."""
    ann, bob = (client_with(mill, make_key(mill, name)["key"]) for name in ("ann", "bob"))
    bob.post("/api/upload/files", files={"file": ("b.txt", b"bob's")}).raise_for_status()
    made = ann.post(
        "/api/upload/files", files={"file": ("a/../ä.txt", FIRST)}, data={"title": "A title"}
    ).raise_for_status()
    file_id: str = made.json()["file_id"]
    ann.put(f"/api/upload/files/{file_id}/content", content=SECOND).raise_for_status()
    ann.post(f"/api/upload/files/{file_id}/shares", json={"note": "for bob"}).raise_for_status()
    ann.post("/api/metadata/searches", json={"name": "mine", "query": "words"}).raise_for_status()
    ann.post("/api/notifications/webhooks", json={"url": "http://127.0.0.1:8999/hook"}).raise_for_status()
    _settled(ann, file_id)
    return file_id


def _settled(ann: httpx.Client, file_id: str) -> None:
    def done() -> bool:
        known = ann.get(f"/api/metadata/files/{file_id}").json()
        return bool(known["version"] == 2 and known["status"] == "processed" and known["analysis"] != "pending")

    wait_for(done, "the file to be processed and analysed", 90)


def run(mill: Mill, key: str, *command: str, status: int = 0) -> str:
    """What a client command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "filemill.cli", *command],
        env=mill.environment | {"FILEMILL_URL": mill.url, "FILEMILL_KEY": key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("who", ["an admin", "herself"])
def test_export_when_made_then_everything_of_the_owner_and_of_nobody_else_is_in_it(
    mill: Mill, client_with: Callers, file_id: str, tmp_path: Path, who: str
) -> None:
    """Both versions byte for byte, what is known, lists without secrets; and the key that was made for it is ended."""
    scopes = ("admin",) if who == "an admin" else ("files:read",)
    key = make_key(mill, "root" if who == "an admin" else "ann", *scopes)["key"]
    path = tmp_path / "ann.zip"
    said = run(mill, key, "users", "export", str(path), *(["--owner", "ann"] if who == "an admin" else []))
    assert "1 files" in said
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    assert manifest["owner_id"] == "ann"
    assert (
        manifest["counts"] | {"files": 1, "contents": 2, "searches": 1, "webhooks": 1, "holds": 0} == manifest["counts"]
    )
    assert {name.split("/")[1] for name in members if name.startswith("files/")} == {file_id}
    contents = {name.split("/")[3]: body for name, body in members.items() if "/versions/" in name}
    assert contents == {"1": FIRST, "2": SECOND}
    folder = f"files/{file_id}/"
    assert json.loads(members[folder + "metadata.jsonl"])["title"] == "A title"
    assert json.loads(members[folder + "shares.jsonl"])["note"] == "for bob"
    assert b"second words" in members[folder + "text.txt"]
    assert b'"uploaded"' in members[folder + "audit.jsonl"]
    everything = b"".join(members.values())
    assert b"whsec_" not in everything
    assert b'"bob"' not in everything
    with_key = client_with(mill, key)
    if who == "an admin":
        made = [
            one for one in with_key.get("/api/access/keys?owner=ann").json()["items"] if one["name"] == "data export"
        ]
        assert [one["revoked_at"] is not None for one in made] == [True]
    assert "all as they were exported" in run(mill, "", "users", "check-export", str(path))
    assert "is there already" in run(mill, key, "users", "export", str(path), status=1)


def test_export_when_changed_then_the_check_names_what_is_wrong(mill: Mill, file_id: str, tmp_path: Path) -> None:
    """A member with other bytes, one that is gone, one that was put in; and a file that is no export."""
    del file_id
    path, bent = tmp_path / "ann.zip", tmp_path / "bent.zip"
    run(mill, make_key(mill, "ann")["key"], "users", "export", str(path))
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(bent, "w") as copy:
        for name in archive.namelist():
            if name != "rules.jsonl":
                copy.writestr(name, archive.read(name) + (b"x" if name == "searches.jsonl" else b""))
        copy.writestr("more.txt", b"more")
    said = run(mill, "", "users", "check-export", str(bent), status=1)
    for words in ("searches.jsonl is not what", "rules.jsonl is missing", "more.txt is not in the manifest", "3 wrong"):
        assert words in said
    no_export = tmp_path / "x.zip"
    no_export.write_bytes(os.urandom(100))
    assert "no export of filemill" in run(mill, "", "users", "check-export", str(no_export), status=1)


def test_erase_when_nobody_can_be_asked_then_nothing_happens_without_yes(
    mill: Mill, client_with: Callers, file_id: str
) -> None:
    """`--dry-run` counts; `--yes` does it and prints the receipt."""
    del file_id
    admin = make_key(mill, "root", "admin")["key"]
    there = json.loads(run(mill, admin, "users", "erase", "bob", "--dry-run", "--json"))
    assert (there["owner_id"], there["files"], there["keys"]) == ("bob", 1, 1)
    assert "say --yes" in run(mill, admin, "users", "erase", "bob", status=1)
    assert client_with(mill, admin).get("/api/access/erasures").json()["items"] == []
    said = run(mill, admin, "users", "erase", "bob", "--yes")
    assert "done" in said
    assert "what remains by design" in said
    assert "done" in run(mill, admin, "users", "erasure")
