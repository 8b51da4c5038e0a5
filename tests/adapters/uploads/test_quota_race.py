"""Many uploads of one owner at once, by every way in and through two instances: the quota holds. On both engines."""

import asyncio
import base64
import itertools
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx

AT_ONCE = 8
EACH = 10
SIZES = (3_000, 20_000, 64_000, 90_000, 150_000)
"""On both sides of what the store keeps in batches."""
QUOTA_BYTES = 2_000_000

Way = Callable[["Race", Any, bytes], Awaitable[httpx.Response]]


@dataclass
class Race:
    """What became of the uploads."""

    quota_bytes: int
    versioned: str = ""
    taken: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    async def run(self, tus: Any, ways: "itertools.cycle[Way]", dice: random.Random) -> None:
        for _ in range(EACH):
            body = dice.randbytes(dice.choice(SIZES))
            answer = await next(ways)(self, tus, body)
            if answer.is_success:
                self.taken.append(len(body))
            else:
                assert (answer.status_code, answer.json()["code"]) == (413, "quota-exceeded"), answer.text
                self.refused.append(len(body))


async def by_form(_race: Race, tus: Any, body: bytes) -> httpx.Response:
    answer: httpx.Response = await tus.client.post("/files", files={"file": ("form.bin", body)})
    return answer


async def by_put(_race: Race, tus: Any, body: bytes) -> httpx.Response:
    answer: httpx.Response = await tus.client.put("/files?filename=raw.bin", content=body)
    return answer


async def by_version(race: Race, tus: Any, body: bytes) -> httpx.Response:
    answer: httpx.Response = await tus.client.put(race.versioned, content=body)
    return answer


async def by_tus(_race: Race, tus: Any, body: bytes) -> httpx.Response:
    name = base64.b64encode(b"tus.bin").decode()
    url = await tus.create(upload_length=len(body), upload_metadata=f"filename {name}")
    half = len(body) // 2
    assert (await tus.patch(url, 0, body[:half])).is_success
    answer: httpx.Response = await tus.patch(url, half, body[half:])
    return answer


async def by_direct(_race: Race, tus: Any, body: bytes) -> httpx.Response:
    said = (await tus.client.post("/uploads", json={"filename": "direct.bin", "size": len(body)})).json()
    for part in said["parts"]:
        data = body[part["offset"] : part["offset"] + part["size"]]
        if part["url"].startswith("http://x/"):
            sent = await tus.client.put(part["url"], content=data)
        else:
            async with httpx.AsyncClient(timeout=30) as elsewhere:
                sent = await elsewhere.put(part["url"], content=data)
        assert sent.is_success, sent.text
    answer: httpx.Response = await tus.client.post(said["links"]["complete"])
    return answer


WAYS: tuple[Way, ...] = (by_form, by_put, by_version, by_tus, by_direct)


async def test_quota_when_uploads_of_one_owner_race_then_is_never_exceeded_and_the_refused_leave_nothing(
    installation: Any,
) -> None:
    """What is refused did not fit; what is kept adds up; no blob, piece or unfinished upload is left of the others."""
    dice = random.Random(4)
    race = Race(QUOTA_BYTES)
    async with AsyncExitStack() as stack:
        services = [await stack.enter_async_context(installation.service(quota_bytes=QUOTA_BYTES)) for _ in range(2)]
        first = await services[0].client.put("/files?filename=versioned.bin", content=dice.randbytes(1_000))
        race.taken.append(1_000)
        race.versioned = f"/files/{first.json()['file_id']}/content"
        ways = itertools.cycle(WAYS)
        await asyncio.gather(*(race.run(services[at % 2], ways, random.Random(dice.random())) for at in range(AT_ONCE)))
        assert len(race.refused) >= AT_ONCE, "too few were refused to say anything"
        used = (await services[0].client.get("/limits")).json()["used_bytes"]
    assert used == sum(race.taken) <= QUOTA_BYTES
    assert used + min(race.refused) > QUOTA_BYTES, "one was refused that still fits"
    versions = installation.engines.rows("upload", "SELECT size FROM versions")
    assert sorted(size for (size,) in versions) == sorted(race.taken)
    assert len(installation.kept()) == len(race.taken)
    assert not [row for row in installation.sessions() if row[1] in ("open", "verifying")]
