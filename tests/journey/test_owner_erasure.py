"""Erased means gone: a user with unmistakable words uses everything that keeps something, is erased, and is searched for."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.callers import Callers, make_key, operate
from support.engines import ServerEngines
from support.mill import Mill, wait_for

OWNER = "quokkaowner"
WORDS = {
    "owner": OWNER,
    "file name": "zyzzyvafilename",
    "content": "marmaladecontent",
    "title": "okapititle",
    "tag": "bonobotag",
    "field": "wombatfield",
    "note": "lemurnote",
    "webhook": "axolotlhook",
    "search": "pangolinsearch",
    "rule": "numbatrule",
    "key name": "dugongkey",
    "idempotency key": "tapiridempotency",
    "unfinished upload": "gibbonupload",
    "agent": "narwhalagent",
    "hold": "ocelothold",
}
"""What to look for, each used once in its place."""
SHARED = b"The same words of two people. " * 300
PARTS = ("access", "upload", "metadata", "processing", "ai", "notification")
AUTH = {"FILEMILL_AUTH": "keys", "FILEMILL_WEBHOOK_LOOPBACK": "true", "FILEMILL_DEDUPE": "everyone"}
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def callers() -> Iterator[Callers]:
    made = Callers()
    yield made
    made.close()


def test_owner_when_erased_then_no_word_of_theirs_is_left_on_the_disk(tmp_path: Path, callers: Callers) -> None:
    """Databases, their logs and free pages, queues, blobs, index, logs; and the other who has the same bytes keeps them."""
    mill = Mill(tmp_path / "data", **AUTH)
    try:
        mill.start()
        erased = _live_and_be_erased(mill, callers)
    finally:
        assert mill.stop() == 0
    assert erased["owner_id"] is None
    left = {
        f"{path.relative_to(mill.data_dir)}: {what}"
        for path in mill.data_dir.rglob("*")
        if path.is_file()
        for what, word in WORDS.items()
        if word.encode() in path.read_bytes().lower()
    }
    assert left == set()
    operate(mill, "audit", "verify")  # fails unless the chain holds


@pytest.mark.servers
def test_owner_when_erased_then_no_word_of_theirs_is_left_on_servers(
    tmp_path: Path, callers: Callers, server_engines: Callable[[], ServerEngines]
) -> None:
    """Every row of every database of PostgreSQL, every object of the bucket, Redis, every queue, what lies on the disk here."""
    engines = server_engines()
    mill = Mill(tmp_path / "data", engines, **AUTH)
    try:
        mill.start()
        erased = _live_and_be_erased(mill, callers)
        wait_for(lambda: not any(count for _, count in engines.undelivered()), "the queues to be empty")
    finally:
        assert mill.stop() == 0
    assert erased["owner_id"] is None
    left = {f"{service}.{table}: {what}" for service in PARTS for table, what in _in_rows(engines, service)}
    found = {f"object {key}": body for key, body in engines.objects()}
    found |= {f"Redis {key}": value for key, value in engines.shared()}
    found |= {
        str(path.relative_to(mill.data_dir)): path.read_bytes() for path in mill.data_dir.rglob("*") if path.is_file()
    }
    left |= {
        f"{where}: {what}"
        for where, body in found.items()
        for what, word in WORDS.items()
        if word.encode() in body.lower()
    }
    assert left == set()
    assert any(where.startswith("object") for where in found)
    operate(mill, "audit", "verify")


def _in_rows(engines: ServerEngines, service: str) -> Iterator[tuple[str, str]]:
    """(table, what) for each word that a row has, in bytes too, which PostgreSQL shows in hexadecimal."""
    for (table,) in engines.rows(service, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"):
        for what, word in WORDS.items():
            query = f"SELECT count(*) FROM {table} t WHERE t::text ILIKE ? OR t::text ILIKE ?"
            if engines.rows(service, query, f"%{word}%", f"%{word.encode().hex()}%") != [(0,)]:
                yield table, what


def _live_and_be_erased(mill: Mill, callers: Callers) -> dict[str, Any]:
    """Another user stays, with the same bytes."""
    key = make_key(mill, OWNER, "files:read", "files:write", "files:delete")["key"]
    user, admin = (
        callers(mill, key),
        callers(mill, make_key(mill, "root", "admin", "files:read", "files:write", "files:delete")["key"]),
    )
    other = callers(mill, make_key(mill, "other")["key"])
    admin.post("/api/access/keys", json={"owner_id": OWNER, "name": WORDS["key name"]}).raise_for_status()
    stays = _put(other, "stays.txt", SHARED)
    held = _use_everything(mill, user, admin, stays)
    _settled(other, stays)

    asked = {"owner_id": OWNER}
    answer = admin.post("/api/access/erasures", json=asked)
    assert answer.status_code == 202, answer.text
    receipt = answer.headers["location"]
    assert admin.post("/api/access/erasures", json=asked).headers["location"] == receipt
    wait_for(lambda: user.get("/api/upload/files").status_code == 401, "the keys to be refused")
    refused = admin.post("/api/access/keys", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "owner-being-erased")

    def waiting() -> bool:
        said = admin.get(receipt).raise_for_status().json()
        return bool(said["state"] == "waiting" and said["held"] == [held])

    wait_for(waiting, "the erasure to wait for the legal hold", 60)
    admin.delete(f"/api/upload/files/{held}/hold").raise_for_status()

    def done() -> Any:
        said = admin.get(receipt).raise_for_status().json()
        return said if said["state"] == "done" else None

    said: dict[str, Any] = wait_for(done, "the erasure to be done", 90)
    assert {one["state"] for one in said["services"].values()} == {"confirmed"}
    assert said["services"]["access"]["removed"]["keys"] == 2
    assert said["services"]["metadata"]["removed"]["saved_searches"] == 1
    assert said["remains"]
    assert other.get(f"/api/upload/files/{stays}/content").content == SHARED
    assert other.get(f"/api/metadata/files/{stays}").json()["status"] == "processed"
    return said


def _use_everything(mill: Mill, user: httpx.Client, admin: httpx.Client, foreign: str) -> str:
    """Returns the file that an admin holds."""
    named, text = f"{WORDS['file name']}.txt", f"The word is {WORDS['content']}. ".encode() * 50
    first = _put(user, named, text, title=WORDS["title"], tags=WORDS["tag"], key=WORDS["idempotency key"])
    user.put(f"/api/upload/files/{first}/content", content=text + b"More.").raise_for_status()
    _put(user, named, SHARED)
    held, trashed = _put(user, named, text + b"held"), _put(user, named, text + b"trash")
    admin.post(f"/api/upload/files/{held}/hold", json={"reason": WORDS["hold"]}).raise_for_status()
    user.delete(f"/api/upload/files/{trashed}").raise_for_status()
    _settled(user, first)
    _settled(user, held)
    user.patch(
        f"/api/metadata/files/{first}", json={"custom": {"x": WORDS["field"]}, "description": WORDS["note"]}
    ).raise_for_status()
    shared = user.post(f"/api/upload/files/{first}/shares", json={"note": WORDS["note"]}).raise_for_status().json()
    httpx.get(shared["url"]).raise_for_status()
    hook = {"url": f"http://127.0.0.1:8999/{WORDS['webhook']}", "description": WORDS["webhook"]}
    user.post("/api/notifications/webhooks", json=hook).raise_for_status()
    user.post("/api/metadata/searches", json={"name": WORDS["search"], "query": WORDS["search"]}).raise_for_status()
    rule = {"name": WORDS["rule"], "query": f"tag:{WORDS['tag']}", "after_days": 3000}
    user.post("/api/metadata/rules", json=rule).raise_for_status()
    meta = "filename Z2liYm9udXBsb2FkLnR4dA=="  # gibbonupload.txt
    begun = user.post("/api/upload/tus/", headers=TUS | {"Upload-Length": "999", "Upload-Metadata": meta})
    begun.raise_for_status()
    more = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    user.patch(begun.headers["location"], headers=more, content=WORDS["unfinished upload"].encode()).raise_for_status()
    user.post("/api/session", headers={"User-Agent": WORDS["agent"]}).raise_for_status()
    user.cookies.clear()
    token = user.post("/api/access/upload-tokens", json={"files": 2}).json()["token"]
    by_token = {"Authorization": f"Bearer {token}"}
    httpx.put(
        f"{mill.url}/api/upload/files", params={"filename": named}, content=text + b"t", headers=by_token
    ).raise_for_status()
    assert user.get(f"/api/upload/files/{foreign}/content").status_code == 404  # the other's trail says who tried
    user.get("/api/metadata/files", params={"q": WORDS["content"]}).raise_for_status()
    trail = f"/api/metadata/files/{first}/audit"
    wait_for(lambda: "opened share" in user.get(trail).text, "the trail to know that the link was opened")
    return held


def _put(client: httpx.Client, name: str, body: bytes, title: str = "", tags: str = "", key: str = "") -> str:
    data = {name: value for name, value in (("title", title), ("tags", tags)) if value}
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post("/api/upload/files", files={"file": (name, body)}, data=data, headers=headers)
    return str(answer.raise_for_status().json()["file_id"])


def _settled(client: httpx.Client, file_id: str) -> None:
    def done() -> bool:
        known = client.get(f"/api/metadata/files/{file_id}").json()
        return bool(known["status"] == "processed" and known["analysis"] != "pending")

    wait_for(done, "the file to be processed and analysed", 90)
