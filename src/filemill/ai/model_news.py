"""Tells the ai service what this worker's models are doing: it answers `GET /models`, and the models are loaded here.

Told when it changes, and again now and then: a worker that was killed says nothing, and its word is over soon. On failure: the
loop is started again by who runs it; nothing waits for it.
"""

import asyncio
import time

from filemill.ai import repository
from filemill.ai.models.registry import Registry
from filemill.chassis.database.database import Database

LOOK_EVERY_S = 1.0
AGAIN_AFTER_S = 30.0
HOLDS_S = 90.0


class ModelNews:
    """The loop of one worker."""

    def __init__(self, database: Database, registry: Registry, holder: str) -> None:
        self._database = database
        self._registry = registry
        self._holder = holder
        self._told: dict[str, tuple[str, str | None]] = {}
        self._told_s = 0.0

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            await self.tell()
            await asyncio.sleep(LOOK_EVERY_S)

    async def tell(self) -> None:
        """Tell what is new, or must be said again."""
        states = self._registry.noted()
        is_old = bool(states) and time.monotonic() - self._told_s > AGAIN_AFTER_S
        if states == self._told and not is_old:
            return
        await self._database.write_unsynced("ai.models", repository.tell_models, self._holder, states, HOLDS_S)
        self._told, self._told_s = states, time.monotonic()
