"""Keeps the word index behind the documents by as little as it can: a loop over those whose marks say "behind".

The text of a file is read from the store outside any transaction, then the entry and its mark are written together. A crash
in between does the work again; a document that changes meanwhile stays marked and comes again.
"""

import asyncio

import orjson
import structlog
from sqlalchemy import RowMapping

from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import NotFound
from filemill.chassis.storage.store import BlobStore, read_all
from filemill.metadata import repository
from filemill.metadata.search.text_index import IndexEntry, TextIndex
from filemill.metadata.search.words import words

BATCH_MOST = 50
IDLE_S = 2.0
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
        rows = await self._database.read(repository.unindexed, BATCH_MOST)
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
        kept = await self._database.read(repository.text_of, row["doc_id"])
        if kept is not None and kept[0] == key:
            return None
        try:
            blob = orjson.loads(await read_all(self._store, key, TEXT_MOST_BYTES))
        except (NotFound, ValueError) as error:
            _log.warning("metadata.text.unreadable", file_id=row["file_id"], error=str(error))
            return None
        return "\n".join(page["text"] for page in blob["pages"])[: self._most_characters]

    def _write(self, tx: Tx, rows: list[RowMapping], fresh: dict[int, str | None]) -> None:
        hold(tx, *(row["file_id"] for row in rows))
        for row in rows:
            doc_id = row["doc_id"]
            if not repository.indexed(tx, doc_id, row["index_wanted"]):
                continue
            if row["deleted"] or not row["known"]:
                self._index.remove(tx, doc_id)
            else:
                text = fresh[doc_id]
                if text is not None:
                    repository.keep_text(tx, doc_id, row["text"]["storage_key"], text)
                elif not row["text"] or not row["text"].get("storage_key"):
                    repository.drop_text(tx, doc_id)
                kept = repository.text_of(tx, doc_id)
                self._index.put(tx, entry_of(row, kept[1] if kept else ""))


def entry_of(row: RowMapping, text: str) -> IndexEntry:
    """A document as the index sees it."""
    custom = " ".join(str(value) for value in row["custom"].values() if isinstance(value, str | int | float))
    return IndexEntry(
        doc_id=row["doc_id"],
        fields={
            "name": words(row["filename"]),
            "title": words(f"{row['title'] or ''} {row['description'] or ''} {custom} {row['external_id'] or ''}"),
            "tags": words(" ".join(row["tags"])),
            "text": words(text),
            "findings": words(" ".join(findings_words(row["findings"]))),
        },
        owner_id=row["owner_id"],
        kinds=kinds_of(row["content_type"]),
        tags=tuple(row["tags"]),
        status=row["status"],
    )


def findings_words(findings: list[dict[str, object]]) -> list[str]:
    """The texts in findings: every string below `result`."""
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value[:200]:
                collect(inner)

    for finding in findings:
        if finding.get("state") == "done":
            collect(finding.get("result"))
    return found


_FAMILIES = {
    "application/pdf": "pdf", "text/csv": "table", "text/tab-separated-values": "table", "text/html": "web page",
    "message/rfc822": "mail", "application/vnd.ms-outlook": "mail", "application/zip": "archive",
    "application/x-tar": "archive", "application/x-7z-compressed": "archive", "application/gzip": "archive",
    "application/msword": "document", "application/rtf": "document", "application/epub+zip": "document",
    "application/vnd.ms-excel": "table", "application/vnd.ms-powerpoint": "slides",
}  # fmt: skip
_PARTS = (("wordprocessingml", "document"), ("opendocument.text", "document"), ("spreadsheet", "table"),
          ("presentation", "slides"))  # fmt: skip


def kinds_of(content_type: str) -> tuple[str, ...]:
    """What `type=` finds a file by: its family (`image`, `pdf`, `table`…), its subtype, and its full type."""
    major, _, minor = content_type.partition("/")
    family = _FAMILIES.get(content_type) or next((kind for part, kind in _PARTS if part in content_type), None)
    if family is None:
        family = major if major in ("image", "audio", "video", "text") else "other"
    return tuple(dict.fromkeys((family, minor, content_type)))
