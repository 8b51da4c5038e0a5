"""The word index made anew: whatever happened to it, it is again what the catalogue and the texts say."""

import asyncio
from pathlib import Path
from typing import Any

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.settings import load
from filemill.local.installation import opened
from filemill.metadata import index_repository
from filemill.metadata.search.build import build_index
from filemill.metadata.search.indexer import Indexer
from filemill.metadata.search.query import Filters, parse
from filemill.metadata.search.rebuilding import Rebuilt, rebuild
from filemill.metadata.search.text_index import IndexEntry, TextIndex
from filemill.metadata.settings import MetadataSettings
from support.small_installation import fill

FILES = 12
NOBODYS = 5
"""A key that no document has."""
_ENTRIES = {
    "sqlite": (
        "SELECT word_index.rowid, name, title, tags, text, findings, stems, marks, impacts FROM word_index"
        " JOIN word_impacts ON doc_id = word_index.rowid ORDER BY doc_id"
    ),
    "postgresql": (
        "SELECT doc_id, CAST(vector AS text), body, word_index.impacts, word_impacts.impacts FROM word_index"
        " JOIN word_impacts USING (doc_id) ORDER BY doc_id"
    ),
}
_VOCABULARY = "SELECT owner, word, files FROM vocabulary ORDER BY owner, word"


def entries(tx: Tx) -> list[tuple[Any, ...]]:
    """The index as it is."""
    return [tuple(row) for one in (_ENTRIES[tx.dialect.name], _VOCABULARY) for row in tx.exec_driver_sql(one)]


def damage(tx: Tx, index: TextIndex) -> None:
    """Entries lost, an entry with other words, an entry of a document that is gone."""
    keys = index.keys(tx, -1, 1000)
    index.remove(tx, keys[::3])
    wrong = {"text": ["something", "else"]}
    index.put(tx, [IndexEntry(key, wrong, "local", ("text",), (), "processed") for key in (keys[1], NOBODYS)])


async def look_until(over: asyncio.Event, database: Database, index: TextIndex) -> set[int]:
    """Search all the while; returns how many hits there were."""
    counts = set()
    while not over.is_set():
        # The titles of the third and sixth file, whose entries were not damaged.
        found = [await database.read(index.newest, parse(title), Filters("local"), 10, None) for title in ("2", "5")]
        counts.add(sum(len(keys) for keys in found))
    return counts


async def rebuilt() -> tuple[Rebuilt, set[int]]:
    """Fill the index, damage it, make it anew; it is the same as before. Returns what was done, and what searches found."""
    settings = load(MetadataSettings)
    index = build_index(settings)
    async with opened() as mill:
        database = mill.parts["metadata"].database
        indexer = Indexer(database, mill.store, index, settings.index_text_characters)
        await rebuild(database, index, indexer, lambda *_: None)
        whole = await database.read(entries)
        assert len(whole) > FILES
        await database.write("test", damage, index)
        assert await database.read(entries) != whole
        over = asyncio.Event()
        looking = asyncio.create_task(look_until(over, database, index))
        done = await rebuild(database, index, indexer, lambda *_: None)
        over.set()
        assert await database.read(entries) == whole
        return done, await looking


def test_rebuild_when_entries_are_lost_wrong_or_nobodys_then_the_index_is_as_it_was(each_installation: Path) -> None:
    """And whoever searches meanwhile finds what was there, always."""
    asyncio.run(fill(each_installation, FILES))
    done, found = asyncio.run(rebuilt())
    assert done == Rebuilt(documents=FILES, dropped=1)
    assert found == {2}


_FORM_1 = {
    "sqlite": (
        "DROP TABLE word_index",
        "DROP TABLE word_impacts",
        "CREATE VIRTUAL TABLE word_index USING fts5 (name, title, tags, text, findings, marks)",
        "UPDATE documents SET index_mark = 0",
    ),
    "postgresql": (
        "DROP TABLE word_index, word_impacts, word_blocks",
        "CREATE TABLE word_index (doc_id bigint PRIMARY KEY, vector tsvector NOT NULL, body text NOT NULL)",
        "INSERT INTO word_index SELECT doc_id, 'old', ' old ' FROM documents",
        "UPDATE documents SET index_mark = 0",
    ),
}


def back_to_form_1(tx: Tx) -> None:
    """The index as the version before left it: every document done, in the old form."""
    for statement in _FORM_1[tx.dialect.name]:
        tx.exec_driver_sql(statement)


async def upgraded() -> None:
    """An older index is made anew by a start and the indexer alone."""
    settings = load(MetadataSettings)
    index = build_index(settings)
    async with opened() as mill:
        database = mill.parts["metadata"].database
        indexer = Indexer(database, mill.store, index, settings.index_text_characters)
        await rebuild(database, index, indexer, lambda *_: None)
        whole = await database.read(entries)
        await database.write("test", back_to_form_1)
        assert await database.read(index_repository.behind_count, 1000) == FILES
        await database.write("test", index.create)
        while await indexer.index_some():
            pass
        assert await database.read(entries) == whole
        assert await database.read(index_repository.behind_count, 1000) == 0


def test_start_when_the_index_has_an_older_form_then_it_is_made_anew(each_installation: Path) -> None:
    """Nobody has to run anything after an upgrade."""
    asyncio.run(fill(each_installation, FILES))
    asyncio.run(upgraded())
