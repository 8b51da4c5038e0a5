"""A schema made at first use, for the small files that no migration belongs to: sessions, rate limits.

Such a file is shared by all services of a machine, so whoever comes first makes its table.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy import TextClause

from filemill.chassis.database.database import Tx


class FirstUse:
    """Awaits `begin` once in this process. What that raises goes to its caller, and the next caller tries again."""

    def __init__(self, begin: Callable[[], Awaitable[None]]) -> None:
        self._begin = begin
        self._done = False

    async def ready(self) -> None:
        """Return once it was done; at the first use several callers may do it, so it must do no harm twice."""
        if not self._done:
            await self._begin()
            self._done = True


def execute_all(tx: Tx, *statements: TextClause) -> None:
    """Run the statements in their order."""
    for statement in statements:
        tx.execute(statement)
