"""Keeps the word index behind the documents by as little as it can: a loop over those whose marks say "behind".

The text of a file is read from the store outside any transaction, then the entry and its mark are written together. A crash
in between does the work again; a document that changes meanwhile stays marked and comes again.
"""

import asyncio
from typing import Any

import orjson
import structlog
from sqlalchemy import RowMapping

from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import NotFound
from filemill.chassis.storage.store import BlobStore, read_all
from filemill.metadata import index_repository
from filemill.metadata.search.entries import entry_of
from filemill.metadata.search.text_index import PAGE_MARK, IndexEntry, TextIndex

BATCH_MOST = 50
IDLE_S = 2.0
PAGES_LEFT_OUT_MOST = 1_000
"""Pages without words between two that have some."""
TEXT_MOST_BYTES = 64 * 1024 * 1024

_log = structlog.get_logger()


class Indexer:
    """Indexes what changed. `wake` is called after each commit that may have changed something."""

    def __init__(self, database: Database, store: BlobStore, index: TextIndex, most_characters: int) -> None:
        self._database = database
        self._store = store
        self._index = index
        self._most_characters = most_characters
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again soon."""
        self._wake.set()

    async def run(self) -> None:
        """Index for ever."""
        while True:
            self._wake.clear()
            while await self.index_some():
                pass
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def index_some(self) -> int:
        """Index one batch; returns how many documents that were."""
        rows = await self._database.read(index_repository.unindexed, BATCH_MOST)
        if not rows:
            return 0
        fresh = {row["doc_id"]: await self._new_text(row) for row in rows}
        await self._database.write_unsynced("metadata.index", self._write, rows, fresh)
        return len(rows)

    async def _new_text(self, row: RowMapping) -> str | None:
        """The text to index, if it is not the one kept already."""
        key = (row["text"] or {}).get("storage_key")
        if row["deleted"] or not key:
            return None
        kept = await self._database.read(index_repository.text_of, row["doc_id"])
        if kept is not None and kept[0] == key:
            return None
        try:
            blob = orjson.loads(await read_all(self._store, key, TEXT_MOST_BYTES))
        except (NotFound, ValueError) as error:
            _log.warning("metadata.text.unreadable", file_id=row["file_id"], error=str(error))
            return None
        return in_pages(blob["pages"])[: self._most_characters]

    def _write(self, tx: Tx, rows: list[RowMapping], fresh: dict[int, str | None]) -> None:
        hold(tx, *(row["file_id"] for row in rows))
        entries: list[IndexEntry] = []
        gone: list[int] = []
        for row in rows:
            doc_id = row["doc_id"]
            if not index_repository.indexed(tx, row):
                continue
            if row["deleted"] or not row["known"]:
                gone.append(doc_id)
            else:
                entries.append(entry_of(row, self._text(tx, row, fresh[doc_id])))
        self._index.remove(tx, gone)
        self._index.put(tx, entries)

    def _text(self, tx: Tx, row: RowMapping, fresh: str | None) -> str:
        if fresh is not None:
            index_repository.keep_text(tx, row["doc_id"], row["text"]["storage_key"], fresh)
            return fresh
        if not row["text"] or not row["text"].get("storage_key"):
            index_repository.drop_text(tx, row["doc_id"])
            return ""
        kept = index_repository.text_of(tx, row["doc_id"])
        return kept[1] if kept else ""


def in_pages(pages: list[dict[str, Any]]) -> str:
    """Pages as one text, with as many marks before each as its number says."""
    text: list[str] = []
    at = 1
    for place, page in enumerate(pages, 1):
        number = max(at, min(int(page.get("number") or place), at + PAGES_LEFT_OUT_MOST))
        text += [PAGE_MARK * (number - at), page["text"].replace(PAGE_MARK, " "), "\n"]
        at = number
    return "".join(text).removesuffix("\n")
