"""An owner is erased in a mill killed at every point of that way: it ends all the same, once, and nothing of them is left."""

import contextlib
import os
import secrets
import time
from pathlib import Path

import httpx

from support.mill import Mill, wait_for

FILES = 12
POINTS = ",".join(
    [
        "access.erasure.*=0.3", "erasure.owner.*=0.03", "upload.owner.*=0.03", "consumer.access.erasures.*=0.03",
        "sessions.forget-user.*=0.3", "upload.purge.*=0.02", "relay.*=0.005",
    ]
)  # fmt: skip
PATIENCE_S = 120.0
OWNER = "local"
LEFT = {
    "upload": ("files", "versions", "blobs", "shares", "usage", "idempotency", "removals", "upload_sessions"),
    "metadata": ("documents", "texts", "saved_searches", "tallies"),
    "processing": ("jobs", "renditions", "known_files"),
    "ai": ("jobs", "results", "known_files"),
    "notification": ("webhooks", "deliveries"),
}


def ask(client: httpx.Client, method: str, path: str, **more: object) -> httpx.Response:
    """Again and again: whoever answers may just have been killed."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = client.request(method, path, **more)  # type: ignore[arg-type]
            if answer.status_code not in (409, 500, 502, 503, 504):
                return answer
        assert time.monotonic() < until_s, f"{method} {path} in vain"


def test_owner_when_erased_and_everybody_is_killed_on_the_way_then_it_ends_and_nothing_is_left(tmp_path: Path) -> None:
    """By name, with kill -9, in every service; a hold keeps it waiting meanwhile."""
    salt = os.environ.get("FILEMILL_TEST_SEED") or str(secrets.randbits(32))
    log = tmp_path / "kills"
    switches = {"FILEMILL_TEST_CRASH": POINTS, "FILEMILL_TEST_CRASH_LOG": str(log)}
    mill = Mill(tmp_path / "data", FILEMILL_WEBHOOK_LOOPBACK="true", **switches)
    mill.start()
    try:
        with mill.client() as client:
            ids = [_put(client, number, salt) for number in range(FILES)]
            ask(client, "POST", f"/api/upload/files/{ids[0]}/hold", json={"reason": "a case"})
            ask(client, "POST", f"/api/upload/files/{ids[1]}/shares", json={})
            ask(client, "POST", "/api/notifications/webhooks", json={"url": "http://127.0.0.1:8999/hook"})
            ask(client, "POST", "/api/metadata/searches", json={"name": "x", "query": "x"})
            erasure = ask(client, "POST", "/api/access/erasures", json={"owner_id": OWNER}).json()["erasure_id"]
            receipt = f"/api/access/erasures/{erasure}"
            wait_for(lambda: ask(client, "GET", receipt).json()["held"] == [ids[0]], f"the hold ({salt})", PATIENCE_S)
            ask(client, "DELETE", f"/api/upload/files/{ids[0]}/hold")
            wait_for(
                lambda: ask(client, "GET", receipt).json()["state"] == "done",
                f"the end ({salt})",
                PATIENCE_S,
                every_s=0.2,
            )
            kills = log.read_text().split() if log.exists() else []
            print(f"{len(kills)} kills: {sorted(set(kills))}")
            assert kills, "nobody was killed: it says nothing"
            Path(f"{log}.over").touch()
            erasures = ask(client, "GET", "/api/access/erasures").json()["items"]
            assert [one["erasure_id"] for one in erasures] == [erasure]
            for service, tables in LEFT.items():
                for table in tables:
                    assert mill.rows(service, f"SELECT count(*) FROM {table}") == [(0,)], f"{service}.{table} ({salt})"
                told = mill.rows(service, "SELECT owner_id, stage FROM owner_erasures")
                assert told == [(f"erased:{erasure}", "done")], f"{service} ({salt})"
    finally:
        Path(f"{log}.over").touch()
        mill.stop()


def _put(client: httpx.Client, number: int, salt: str) -> str:
    body = f"File {number} of {salt}. ".encode() * 50
    headers = {"Idempotency-Key": f"{salt}.{number}"}
    answer = ask(
        client, "PUT", "/api/upload/files", params={"filename": f"{number}.txt"}, content=body, headers=headers
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file_id"])
