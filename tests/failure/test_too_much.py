"""More at once than a service answers soon: the rest is told to come again, by both doors; nothing is lost."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from filemill.chassis.limits.admission import FLOOR
from support.fault_switch import switch
from support.mill import Mill

AT_ONCE = 2 * FLOOR
TRIES_MOST = 60


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill whose uploads wait for their database."""
    mill = Mill(tmp_path_factory.mktemp("much") / "data")
    try:
        mill.start()
        switch(mill, "database-slow", "on", "--only", "upload")
        yield mill
    finally:
        assert mill.stop() == 0, mill.said()


async def insist(client: httpx.AsyncClient, path: str, body: bytes, seen: Counter[int]) -> str:
    """Upload a body as a client should: come again when told to. The file's id."""
    for _ in range(TRIES_MOST):
        answer = await client.put(path, params={"filename": "much.txt"}, content=body)
        seen[answer.status_code] += 1
        if answer.status_code == 201:
            return str(answer.json()["file_id"])
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "service-unavailable"
        await asyncio.sleep(int(answer.headers["retry-after"]))
    raise AssertionError(f"not taken in {TRIES_MOST} tries: {seen}")


@pytest.mark.parametrize(("door", "path"), [("gateway", "/api/upload/files"), ("upload", "/files")])
async def test_uploads_when_more_come_at_once_than_are_answered_soon_then_all_get_in_by_coming_again(
    mill: Mill, door: str, path: str
) -> None:
    """Some are refused, with nothing but 503 and when to come again; in the end each is there, once, with its bytes."""
    bodies = [f"too much by {door}, {number}\n".encode() for number in range(AT_ONCE)]
    seen: Counter[int] = Counter()
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{mill.ports[door]}", limits=limits, timeout=60, trust_env=False
    ) as client:
        ids = await asyncio.gather(*[insist(client, path, body, seen) for body in bodies])
        health = (await client.get("/livez")).status_code
    assert health == 200
    assert seen[201] == AT_ONCE
    assert seen[503] > 0
    assert set(seen) == {201, 503}
    kept = dict(mill.rows("upload", "SELECT file_id, sha256 FROM files"))
    assert {file_id: kept[file_id] for file_id in ids} == {
        file_id: hashlib.sha256(body).hexdigest() for file_id, body in zip(ids, bodies, strict=True)
    }
    counted = mill.rows("upload", "SELECT count(*) FROM files")
    assert counted == [(AT_ONCE * (1 if door == "gateway" else 2),)]
