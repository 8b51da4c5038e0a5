"""When a pass begins that takes words of purged files out of the index's pages."""

import asyncio
import contextlib
from pathlib import Path

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.metadata.search.forgetting import Forgetting
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.search.text_index import IndexEntry

LONG_S = 20.0
LOOKS = 50


class Counting(Fts5Index):
    """Counts the steps of passes."""

    steps = 0

    def forget(self, tx: Tx) -> bool:
        self.steps += 1
        return super().forget(tx)


async def started(database: Database, index: Counting) -> None:
    """A process that runs until there is nothing to forget, and a little longer."""
    running = asyncio.create_task(Forgetting(database, index).run())
    async with asyncio.timeout(LONG_S):
        while await database.read(index.has_to_forget):
            pass
    for _ in range(LOOKS):
        await database.read(index.has_to_forget)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_start_when_a_purged_file_was_not_forgotten_yet_then_it_is_and_the_next_start_does_nothing(
    tmp_path: Path,
) -> None:
    """The process that removed it ended before its pass did. A pass may write the whole index anew."""
    database, index = open_sqlite(tmp_path / "index.db"), Counting()
    await database.write("test", index.create)
    for number in (1, 2):
        await database.write("test", index.put, [IndexEntry(number, {"text": ["word"]}, "ada", (), (), "processed")])
    await database.write("test", index.remove, [1])
    await started(database, index)
    done = index.steps
    assert done > 0
    await started(database, index)
    assert index.steps == done
    await database.close()
