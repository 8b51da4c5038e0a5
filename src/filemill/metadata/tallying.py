"""The loop that folds counted changes into sums, and the count made anew from the documents.

On failure changes stay and are folded later: whoever reads adds both.
"""

import asyncio
from collections import defaultdict

from filemill.chassis.database.database import Database, Tx
from filemill.metadata import index_repository, tallies, tallies_repository
from filemill.metadata.tallies_repository import Tally

EVERY_S = 2.0
LOOK_EVERY_S = 60.0
FOLDED_MOST = 2000
PAGE = 1000


class Folding:
    """Folds, for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._some = asyncio.Event()
        database.on_commit(tallies_repository.CHANGED, self._some.set)

    async def run(self) -> None:
        """At once what is there, then what comes."""
        while True:
            self._some.clear()
            while await self._database.write_unsynced(
                "metadata.tallies.fold", tallies_repository.fold_some, FOLDED_MOST
            ):
                pass
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._some.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(EVERY_S)


def count_first(tx: Tx) -> None:
    """Count what is there if that was never done, or not of the newest kind: after an upgrade."""
    if not tallies_repository.has_any(tx, tallies.STORED):
        count_again(tx)


def count_again(tx: Tx) -> None:
    """Count every document anew, while whoever changes one waits. Times of steps and models, which no document has, stay."""
    tallies_repository.alone(tx)
    counted: dict[str, dict[Tally, tuple[int, int]]] = defaultdict(dict)
    after = -1
    while rows := index_repository.page_of_all(tx, after, PAGE):
        for row in rows:
            counts = counted[row["owner_id"]]
            for tally in tallies.of(row):
                files, size = counts.get(tally, (0, 0))
                counts[tally] = (files + 1, size + tallies.size_in(tally, row))
        after = rows[-1]["doc_id"]
    tallies_repository.replace(tx, tallies.OF_DOCUMENTS, counted.items())
