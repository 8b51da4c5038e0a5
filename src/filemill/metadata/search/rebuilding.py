"""Making the word index anew from the catalogue and the texts kept beside it, while searches and writes go on.

Entries of documents that are not there any more go; every other document is marked as behind and indexed again, a page at a
time, by the loop that indexes what changes. On failure: what is marked stays marked, so the service's own indexer, or the next
rebuild, ends what was begun; nothing that was found before is lost meanwhile, since an entry is replaced, never dropped first.
"""

from collections.abc import Callable
from dataclasses import dataclass

from filemill.chassis.database.database import Database, Tx
from filemill.metadata import index_repository
from filemill.metadata.search.forgetting import Forgetting
from filemill.metadata.search.indexer import Indexer
from filemill.metadata.search.text_index import TextIndex

PAGE = 200
Progress = Callable[[str, int, int], None]
"""Told (what, done, of how many)."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: documents indexed again, entries dropped that were nobody's."""

    documents: int
    dropped: int


async def rebuild(database: Database, index: TextIndex, indexer: Indexer, progress: Progress) -> Rebuilt:
    """Make the whole index anew. Running it twice, or beside the service, does no harm."""
    await database.write("metadata.index.rebuild.create", index.create)
    dropped = await _drop_strays(database, index)
    documents = await _index_all(database, indexer, progress)
    await Forgetting(database, index).forget_all()
    return Rebuilt(documents, dropped)


async def _drop_strays(database: Database, index: TextIndex) -> int:
    dropped, after = 0, -1
    while keys := await database.read(index.keys, after, PAGE):
        after = keys[-1]
        dropped += await database.write("metadata.index.rebuild.drop", _drop, index, keys)
    return dropped


def _drop(tx: Tx, index: TextIndex, keys: list[int]) -> int:
    """Looks again in its own transaction: what became a document meanwhile stays."""
    strays = index_repository.without_document(tx, keys)
    index.remove(tx, strays)
    return len(strays)


async def _index_all(database: Database, indexer: Indexer, progress: Progress) -> int:
    done, after = 0, -1
    total = await database.read(index_repository.document_count)
    while keys := await database.write("metadata.index.rebuild.mark", index_repository.mark_behind, after, PAGE):
        while await indexer.index_some():
            pass
        after, done = keys[-1], done + len(keys)
        progress("documents", done, max(total, done))
    return done
