"""Whoever asks for another owner's file gets the answer of one that is not there, and that owner's trail tells of it."""

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

TOLD = "SELECT body FROM outbox ORDER BY seq"


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
@pytest.mark.parametrize("way", ["content", "signed-url"])
async def test_open_when_the_file_is_somebody_elses_then_404_and_it_is_audited(
    tus: Any, installation: Any, way: str
) -> None:
    """Nothing is noted of a file that is nowhere."""
    file = (await tus.client.put("/files?filename=a.txt", content=b"words")).json()
    with closing(sqlite3.connect(installation.settings.data_dir / "databases" / "upload.db")) as db, db:
        db.execute("UPDATE files SET owner_id = 'another'")
    answers = []
    for file_id in (file["file_id"], file["file_id"][:-4] + "0000"):
        url = f"/files/{file_id}/{way}"
        asked = tus.client.get(url) if way == "content" else tus.client.post(url, json={"expires_in": 60})
        answers.append((await asked).json())
    assert [answer["code"] for answer in answers] == ["not-found"] * 2
    assert answers[0]["detail"] == answers[1]["detail"]
    async with asyncio.timeout(10):
        while True:
            events = [json.loads(body) for (body,) in installation.engines.rows("upload", TOLD)]
            told = [event["data"] for event in events if event["type"] == "file.accessed"]
            if told:
                break
            await asyncio.sleep(0.05)
    assert [(one["owner_id"], one["actor"], one["action"], one["outcome"], one["reason"]) for one in told] == [
        ("another", "local", way, "refused", "not-found")
    ]
