"""Words of purged files leave the index's own pages too: a removed entry is only marked there until its pages are merged.

In steps, each a transaction of its own, so that searches and writes go on beside it. A pass rewrites the whole index, so passes
are an hour apart: a crowd of purges is one pass. On failure: the pass goes on where it was, also in the next process.
"""

import asyncio
import time
from collections.abc import Sequence

from filemill.chassis.database.database import Database
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.metadata.search.text_index import TextIndex

APART_S = 3600.0
PASSES = 2
PAUSE_S = 0.02
"""Between two steps, for everybody else who writes."""


class Forgetting:
    """One pass after a purge. `heard` is called with the events of each commit."""

    def __init__(self, database: Database, index: TextIndex) -> None:
        self._database = database
        self._index = index
        self._purged = asyncio.Event()

    def heard(self, events: Sequence[Event]) -> None:
        """There may be something to forget."""
        if any(event.type == Topic.PURGED for event in events):
            self._purged.set()

    async def run(self) -> None:
        """Forget for ever. What was purged before this process began may not have been forgotten by the last one."""
        if await self._database.read(self._index.has_to_forget):
            self._purged.set()
        while True:
            await self._purged.wait()
            self._purged.clear()
            began_s = time.monotonic()
            await self.forget_all()
            await asyncio.sleep(max(0.0, APART_S - (time.monotonic() - began_s)))

    async def forget_all(self) -> None:
        """Whatever was removed before this is asked for: by the pass that is under way, and one more if there is need."""
        for _ in range(PASSES):
            while await self.step():  # noqa: ASYNC110 - it waits for nothing; it lets others write
                await asyncio.sleep(PAUSE_S)
            if not await self._database.read(self._index.has_to_forget):
                return

    async def step(self) -> bool:
        """A part of a pass; False when nothing is left to do."""
        return await self._database.write_unsynced("metadata.index.forget", self._index.forget)
