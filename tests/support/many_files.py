"""A mill that seems to have been used for years: copies of the files it has, written beside it as its services would have.

`python -m support.many_files DATA_DIR COUNT` in a process of its own, while the mill runs. Each copy has its own id, name, time
and tags, and shares its sample's bytes, pictures, text and findings, so it is listed, searched, counted, opened and deleted as
any other. Not for: processing or analysing a copy again; those services have never heard of it. The same each time but for ids.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.metadata import tables as catalogue
from filemill.metadata import tallies, tallies_repository
from filemill.metadata.keys import doc_id_of, name_key
from filemill.metadata.search.entries import entry_of
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.vocabulary import VocabularyIndex
from filemill.upload import tables as uploads

SEED = 20_000
PERIOD_MS = 3 * 365 * 86_400_000
BATCH = 1_000
TAGS = ("2024", "2025", "paid", "to read", "family")
_WORDS = [
    "harbour", "lighthouse", "anchor", "granary", "meadow", "orchard", "willow", "barley",
    "sparrow", "thistle", "lantern", "cobble", "ledger", "voucher", "minutes", "sketch",
    "survey", "recital", "almanac", "postcard", "timetable", "inventory", "receipt", "charter",
]  # fmt: skip


def copies(samples: list[str], count: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Of which sample each copy is, its id, and what it has of its own; the oldest first."""
    lot = random.Random(SEED)
    until_ms = int(time.time() * 1000) - 60_000
    made = []
    for number in range(count):
        at_ms = until_ms - PERIOD_MS + PERIOD_MS * (number + 1) // count
        digits = f"{at_ms:012x}7{lot.getrandbits(12):03x}{8 + lot.getrandbits(2):x}{lot.getrandbits(60):015x}"
        file_id = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        name = f"{' '.join(lot.sample(_WORDS, 2))} {number:06}"
        own = {"created_at": at, "updated_at": at, "tags": [lot.choice(TAGS)], "external_id": None}
        made.append((samples[lot.randrange(len(samples))], file_id, own | {"filename": name}))
    return made


async def fill(data_dir: Path, count: int) -> None:
    """Write the copies, a batch at a time, into upload's and metadata's databases."""
    upload, metadata = (open_sqlite(data_dir / "databases" / f"{name}.db") for name in ("upload", "metadata"))
    index = VocabularyIndex(Fts5Index())
    try:
        files = await upload.read(_rows, uploads.files)
        versions = await upload.read(_rows, uploads.versions)
        documents = await metadata.read(_rows, catalogue.documents)
        texts = {row["doc_id"]: row for row in (await metadata.read(_all, catalogue.texts))}
        made = copies(sorted(documents), count)
        for start in range(0, count, BATCH):
            some = made[start : start + BATCH]
            await _write(upload, _upload, files, versions, some)
            await _write(metadata, _catalogue, index, documents, texts, some)
    finally:
        await upload.close()
        await metadata.close()


async def _write(database: Database, work: Any, *arguments: Any) -> None:
    await database.write_unsynced("test.many-files", work, *arguments)


def _all(tx: Tx, table: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.execute(select(table)).mappings()]


def _rows(tx: Tx, table: Any) -> dict[str, dict[str, Any]]:
    return {row["file_id"]: row for row in _all(tx, table)}


def _named(row: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    return {**own, "filename": own["filename"] + Path(row["filename"]).suffix}


def _upload(tx: Tx, files: dict[str, Any], versions: dict[str, Any], made: list[Any]) -> None:
    rows = [files[sample] | {"file_id": file_id} | _named(files[sample], own) for sample, file_id, own in made]
    tx.execute(insert(uploads.files), rows)
    kept = [
        versions[sample] | {"file_id": row["file_id"], "filename": row["filename"], "created_at": row["created_at"]}
        for (sample, _, _), row in zip(made, rows, strict=True)
    ]
    tx.execute(insert(uploads.versions), kept)
    of = uploads.usage.c
    more = {"bytes": of.bytes + sum(row["size"] for row in rows), "versions": of.versions + len(rows)}
    tx.execute(update(uploads.usage).where(of.owner_id == rows[0]["owner_id"]).values(**more))


def _catalogue(tx: Tx, index: Any, documents: dict[str, Any], texts: dict[int, Any], made: list[Any]) -> None:
    rows, kept, entries = [], [], []
    counts: Counter[Any] = Counter()
    sizes: Counter[Any] = Counter()
    for sample, file_id, own in made:
        of = documents[sample]
        row = of | {"file_id": file_id, "doc_id": doc_id_of(file_id)} | _named(of, own)
        row["name_key"] = name_key(row["filename"])
        text = texts.get(of["doc_id"])
        if text is not None:
            kept.append(text | {"doc_id": row["doc_id"]})
        rows.append(row)
        entries.append(entry_of(row, text["body"] if text else ""))  # type: ignore[arg-type]
        for tally in tallies.of(row):
            counts[tally] += 1
            sizes[tally] += tallies.size_in(tally, row)
    tx.execute(insert(catalogue.documents), rows)
    tx.execute(insert(catalogue.texts), kept)
    index.put(tx, entries)
    tallies_repository.change(tx, rows[0]["owner_id"], {one: (counts[one], sizes[one]) for one in counts})


if __name__ == "__main__":
    asyncio.run(fill(Path(sys.argv[1]), int(sys.argv[2])))
