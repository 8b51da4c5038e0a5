"""A corpus for search: any number of documents, the same each time, written the way the indexer writes, in batches.

Words are drawn by Zipf's law from 40,000 made-up ones, with a few real ones at chosen frequencies, so that the selectivity of a
query is known: `everyday` stands in half of all texts, `weekly` in one of twenty, `rarely` in one of 5,000. Times are spread
over three years. One owner has nine of ten files.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import insert

from filemill.chassis.database.database import Database, Tx, insert_rows
from filemill.metadata.keys import SEQ_BITS, name_key
from filemill.metadata.repository import EMPTY_DOCUMENT
from filemill.metadata.search.entries import entry_of
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.tables import INDEX_FORM_MARK, documents, metadata, texts

OWNER, OTHER = "local", "somebody"
WORDS, TEXT_WORDS = 40_000, 60
PLANTED = {"everyday": 0.5, "common": 0.3, "weekly": 0.05, "monthly": 0.01, "rarely": 0.0002}
PHRASE = ("hollow oak", 0.02)
KINDS = (
    ("application/pdf", "pdf"),
    ("text/plain", "txt"),
    ("image/jpeg", "jpg"),
    ("message/rfc822", "eml"),
    ("text/csv", "csv"),
)
TAGS = ("invoice", "letter", "report", "contract", "photo")
BEGINS_MS = int(datetime(2023, 1, 1, tzinfo=UTC).timestamp() * 1000)
PERIOD_MS = 3 * 365 * 86_400_000
BATCH = 500
SEED = 11

_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "en", "or", "al")]


@dataclass(frozen=True, slots=True)
class Built:
    """What building took: index entries alone, and all of it with catalogue and texts. CPU is of this process."""

    count: int
    index_s: float
    index_cpu_s: float
    whole_s: float


def vocabulary() -> list[str]:
    """Made-up words, the commonest first."""
    chance = np.random.default_rng(SEED)
    found: dict[str, None] = {}
    while len(found) < WORDS:
        found["".join(chance.choice(_SYLLABLES, size=chance.integers(2, 5)))] = None
    return list(found)


def rows(count: int, first: int = 0) -> Iterator[tuple[dict[str, Any], str]]:
    """Documents and their texts, oldest first, from number `first` on; each depends on its number and on `count` alone."""
    words = np.array(vocabulary())
    weights = 1.0 / np.arange(2, WORDS + 2)
    weights /= weights.sum()
    for start in range(first, count, 10_000):
        chance = np.random.default_rng([SEED, start])
        size = min(10_000, count - start)
        drawn = words[chance.choice(WORDS, size=(size, TEXT_WORDS), p=weights)]
        lots = chance.random((size, len(PLANTED) + 2))
        for at in range(size):
            yield _row(start + at, count, drawn[at], lots[at])


def _row(number: int, count: int, drawn: Any, lots: Any) -> tuple[dict[str, Any], str]:
    content_type, ending = KINDS[int(lots[-1] * 1e6) % len(KINDS)]
    at_ms = BEGINS_MS + PERIOD_MS * number // count
    body = [*drawn[8:], *(word for lot, (word, share) in zip(lots, PLANTED.items(), strict=False) if lot < share)]
    if lots[-2] < PHRASE[1]:
        body.insert(20, PHRASE[0])
    name = f"{drawn[0]} {drawn[1]} {number}.{ending}"
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    row = EMPTY_DOCUMENT | {
        "doc_id": at_ms << SEQ_BITS | number & 0x7FFF, "file_id": f"{at_ms:012x}"[:8] + f"-0000-7000-8000-{number:012}",
        "owner_id": OWNER if lots[0] * 1000 % 1 < 0.9 else OTHER, "known": True, "filename": name, "name_key": name_key(name),
        "title": " ".join(drawn[2:6]), "size": int(lots[1] * 5e6), "content_type": content_type, "version": 1,
        "created_at": at, "updated_at": at, "status": "processed", "analysis": "done", "tags": [TAGS[int(lots[2] * 5)]],
        "text": {"state": "found", "storage_key": f"blobs/{number}"}, "introduced": True, "index_wanted": 1,
        "index_done": 1, "index_mark": INDEX_FORM_MARK + 1,
        "findings": [{"capability": "language", "state": "done", "result": {"language": "en"}}],
    }  # fmt: skip
    return row, " ".join(body)


async def build(database: Database, index: TextIndex, count: int, first: int = 0) -> Built:
    """Fill an empty database, or go on after `first` documents of the same `count`."""
    await database.write("bench.create", _create, index)
    index_s = cpu_s = 0.0
    began_s = time.perf_counter()
    batch: list[tuple[dict[str, Any], str]] = []
    for one in rows(count, first):
        batch.append(one)
        if len(batch) == BATCH:
            spent = await database.write_unsynced("bench.fill", _fill, index, batch)
            index_s, cpu_s, batch = index_s + spent[0], cpu_s + spent[1], []
    if batch:
        spent = await database.write_unsynced("bench.fill", _fill, index, batch)
        index_s, cpu_s = index_s + spent[0], cpu_s + spent[1]
    return Built(count - first, index_s, cpu_s, time.perf_counter() - began_s)


def _create(tx: Tx, index: TextIndex) -> None:
    metadata.create_all(tx)
    index.create(tx)


def _fill(tx: Tx, index: TextIndex, batch: list[tuple[dict[str, Any], str]]) -> tuple[float, float]:
    tx.execute(insert(documents), [row for row, _ in batch])
    kept = [{"doc_id": row["doc_id"], "storage_key": row["text"]["storage_key"], "body": body} for row, body in batch]
    insert_rows(tx, texts, kept)
    began_s, cpu_s = time.perf_counter(), time.thread_time()
    index.put(tx, [entry_of({"description": None, "external_id": None, **row}, body) for row, body in batch])  # type: ignore[arg-type]
    return time.perf_counter() - began_s, time.thread_time() - cpu_s
