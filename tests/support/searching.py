"""The search endpoints in this process, over a catalogue of a test's own on a real engine."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.settings import load
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import HealthState
from filemill.contracts.ids import LOCAL_OWNER
from filemill.metadata import index_repository, lists_repository
from filemill.metadata.keys import name_key, time_floor
from filemill.metadata.repository import EMPTY_DOCUMENT
from filemill.metadata.saved import Saved
from filemill.metadata.search.entries import entry_of
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.postgresql_index import PostgresqlIndex
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.search.vocabulary import VocabularyIndex
from filemill.metadata.searches import Searches
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.tables import documents, metadata
from filemill.metadata.tagging import Tagging
from support.asgi import running

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens (RFC 863's port, which nobody serves)."""
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Searching:
    """A client of the endpoints, and a way to put files there."""

    client: httpx.AsyncClient
    database: Database
    index: TextIndex
    _numbers: "itertools.count[int]"

    async def put(self, *files: dict[str, Any]) -> list[str]:
        """Catalogue and index files in order of age; each has a `filename`, and may have more columns and a `body`."""
        return await self.database.write("test.put", self._put, files)

    def _put(self, tx: Tx, files: tuple[dict[str, Any], ...]) -> list[str]:
        ids, entries = [], []
        for file in files:
            number = next(self._numbers)
            at = BEGINS + timedelta(minutes=number)
            body = file.get("body", "")
            row = EMPTY_DOCUMENT | {
                "doc_id": time_floor(at) + number, "file_id": f"00000000-0000-7000-8000-{number:012}", "known": True,
                "owner_id": LOCAL_OWNER, "version": 1, "created_at": at, "updated_at": at, "status": "processed",
                "content_type": "text/plain", "name_key": name_key(file["filename"]),
            }  # fmt: skip
            row |= {name: value for name, value in file.items() if name != "body"}
            tx.execute(insert(documents), row)
            if body:
                index_repository.keep_text(tx, row["doc_id"], "blobs/x", body)
            entries.append(entry_of(lists_repository.many(tx, row["owner_id"], [row["doc_id"]])[row["doc_id"]], body))
            ids.append(row["file_id"])
        self.index.put(tx, entries)
        return ids

    async def remove(self, file_id: str) -> None:
        """Take a file out of the index."""
        asked = select(documents.c.doc_id).where(documents.c.file_id == file_id)
        doc_id = await self.database.read(lambda tx: tx.execute(asked).scalar_one())
        await self.database.write("test.remove", self.index.remove, [doc_id])

    async def find(self, **query: Any) -> dict[str, Any]:
        """The answer to a search that is right."""
        answer = await self.client.get("/files", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def names(self, **query: Any) -> list[str]:
        """The names of its hits, in order."""
        return [hit["filename"] for hit in (await self.find(**query))["items"]]


@asynccontextmanager
async def searching(
    engine: str, folder: Path, fixture: Callable[[str], Any], ai_url: str = NOBODY
) -> AsyncIterator[Searching]:
    """The endpoints over an empty catalogue on `sqlite` or `postgresql`."""
    if engine == "sqlite":
        database, inner = open_sqlite(folder / "catalogue.db"), Fts5Index()
    else:
        database, inner = open_postgresql(fixture("postgresql_server").fresh_database(), "test"), PostgresqlIndex()
    index: TextIndex = VocabularyIndex(inner)

    def make(tx: Tx) -> None:
        metadata.create_all(tx)
        index.create(tx)

    async def start() -> None:
        await database.write("test.make", make)

    ai = ServiceClient("ai", ai_url, total_s=3.0)

    async def stop() -> None:
        await ai.close()
        await database.close()

    routers = [
        Searches(database, index, load(MetadataSettings), ai, lambda: None).router(),
        Saved(database).router(),
        Tagging(database, index, lambda: None).router(),
    ]
    app = build_app(HealthState("metadata"), routers, summary="Test.", start=start, stop=stop)
    async with running(app) as client:
        yield Searching(client, database, index, itertools.count(1))


ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)]
