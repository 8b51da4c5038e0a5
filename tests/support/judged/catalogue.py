"""The judged corpus in a catalogue of its own: real tables, the real index of an engine, asked as the service asks."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.web.caller import Caller
from filemill.metadata import index_repository, lists_repository
from filemill.metadata.asked import asked_for
from filemill.metadata.search import finder
from filemill.metadata.search.entries import entry_of
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.tables import documents, metadata
from support.judged.corpus import OWNER, Made, corpus
from support.judged.measure import DEPTH, scores
from support.judged.queries import QUERIES


@dataclass(frozen=True, slots=True)
class JudgedCatalogue:
    """A database that holds the corpus."""

    database: Database
    index: TextIndex
    made: Sequence[Made]

    async def answer(self, query: str) -> list[str]:
        """File ids of the first page, in its order."""
        asked = await asked_for(Caller(OWNER, is_admin=True, address=None), query)
        if asked.nothing:
            return []
        found = await self.database.read(
            finder.search, self.index, asked.terms, asked.filters, DEPTH, order="relevance", after=None
        )
        return [hit.row["file_id"] for hit in found.hits]

    async def answers(self) -> dict[str, list[str]]:
        """Of every judged query."""
        return {judged.query: await self.answer(judged.query) for judged in QUERIES}

    async def scores(self) -> dict[str, float]:
        """nDCG@10 of every judged query."""
        found = await self.answers()
        return await asyncio.to_thread(scores, found.__getitem__, self.made)

    async def lose(self, share: float, seed: int) -> int:
        """Drop that share of the index's entries; returns how many."""
        return await self.database.write("test.lose", self._lose, share, seed)

    def _lose(self, tx: Tx, share: float, seed: int) -> int:
        keys = self.index.keys(tx, -1, 10_000)
        chosen = random.Random(seed).sample(keys, round(len(keys) * share))
        self.index.remove(tx, chosen)
        return len(chosen)


async def filled(database: Database, index: TextIndex) -> JudgedCatalogue:
    """Make the tables and put the corpus into them and into the index."""
    made = corpus()
    await database.write("test.fill", _fill, index, made)
    return JudgedCatalogue(database, index, made)


def _fill(tx: Tx, index: TextIndex, made: Sequence[Made]) -> None:
    metadata.create_all(tx)
    index.create(tx)
    tx.execute(insert(documents), [one.row for one in made])
    entries = []
    for one in made:
        doc_id = one.row["doc_id"]
        if one.text:
            index_repository.keep_text(tx, doc_id, "blobs/x", one.text)
        row = lists_repository.many(tx, OWNER, [doc_id])[doc_id]
        entries.append(entry_of(row, one.text))
    index.put(tx, entries)
