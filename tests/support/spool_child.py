"""An upload service in a process that may be killed: `python -m support.spool_child DATA away|up`; prints what it answered.

`away`: uploads one file while the store is away. `up`: waits, with the store back, until nothing is queued any more.
"""

import asyncio
import os
import sys
from pathlib import Path

import httpx

from filemill.chassis.database.migrate import migrate
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.asgi import running
from support.away_store import AwayStore

BODY = b"kept while the store is away\n"


async def main(data: Path, mode: str) -> None:
    settings = UploadSettings(data_dir=data, spool_dir=data / "spool", min_free_disk_bytes=0)
    store = AwayStore(data / "store")
    store.away = mode == "away"
    size = int(os.environ.get("SPOOL_CHILD_SIZE", "1"))
    async with running(await build(settings, store)) as client:
        if mode == "away":
            answer = await client.put(
                "/files?filename=a.txt", content=BODY * size, headers={"Idempotency-Key": "the-key"}
            )
            print(answer.status_code, answer.json()["file_id"], answer.json()["status"])
            return
        async with asyncio.timeout(20):
            while await _some_queued(client):  # noqa: ASYNC110 - it is asked over HTTP
                await asyncio.sleep(0.02)


async def _some_queued(client: httpx.AsyncClient) -> bool:
    return any(file["status"] == "queued" for file in (await client.get("/files")).json()["items"])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    migrate(UploadSettings(data_dir=folder))
    asyncio.run(main(folder, sys.argv[2]))
