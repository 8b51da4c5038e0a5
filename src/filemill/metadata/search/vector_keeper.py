"""Keeps beside each document the vectors that ai has of its text: a loop over those whose marks say that others are wanted.

They are asked for over HTTP, a page at a time, outside any transaction. On failure: ai away, or in the middle of another
analysis, leaves the mark, and the loop comes again; searches by words go on meanwhile, and hybrid ones say what they lack.
"""

import asyncio

import structlog
from sqlalchemy import RowMapping

from filemill.chassis.database.database import Database
from filemill.chassis.errors import Unavailable
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.contracts.ai import EmbeddingsView
from filemill.metadata import vectors_repository
from filemill.metadata.search.vectors import CHUNKS_MOST, packed
from filemill.metadata.vectors_repository import Kept

BATCH_MOST = 20
IDLE_S = 5.0
AWAY_S = 15.0
"""Between tries while ai does not answer, or does not have what it told of."""

_log = structlog.get_logger()


class _NotYet(Exception):
    """ai has other vectors of the file by now, and its news of them is on the way."""


class VectorKeeper:
    """Fetches what is wanted. `wake` is called after each commit that may have changed something."""

    def __init__(self, database: Database, ai: ServiceClient) -> None:
        self._database = database
        self._ai = ai
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again soon."""
        self._wake.set()

    async def run(self) -> None:
        """Keep for ever."""
        while True:
            self._wake.clear()
            complete = await self.keep_some()
            try:
                async with asyncio.timeout(IDLE_S if complete else AWAY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def keep_some(self) -> bool:
        """Take all that can be had; False if something could not be had now. One file that has to wait keeps no other back."""
        complete, after = True, -1
        while rows := await self._database.read(vectors_repository.behind, BATCH_MOST, after):
            for row in rows:
                after = row["doc_id"]
                try:
                    kept = await self._fetched(row)
                except _NotYet:
                    complete = False
                    continue
                except Unavailable as error:
                    _log.info("metadata.vectors.waiting", file_id=row["file_id"], reason=error.detail)
                    return False
                await self._database.write_unsynced("metadata.vectors.keep", vectors_repository.keep, row, kept)
        return complete

    async def _fetched(self, row: RowMapping) -> Kept | None:
        """The wanted vectors; None where none are wanted, or there are none any more. Raises `Unavailable` and `_NotYet`."""
        if not row["vectors_wanted"]:
            return None
        wanted = row["vectors_wanted"].partition(":")[2]
        found: list[str] = []
        cursor: str | None = "0"
        dimensions = 0
        while cursor is not None and len(found) < CHUNKS_MOST:
            path = f"/files/{row['file_id']}/embeddings?cursor={cursor}"
            answer = await self._ai.get_json(path, for_owner=row["owner_id"])
            if answer is None:
                return None
            page = EmbeddingsView.model_validate(answer)
            if page.model_digest != wanted or page.version != row["version"]:
                raise _NotYet
            found += [item.vector for item in page.items]
            cursor, dimensions = page.next_cursor, page.dimensions
        if not found:
            return None
        return Kept(row["doc_id"], wanted, dimensions, await asyncio.to_thread(packed, found, dimensions))
