"""The housekeeping of webhooks: what the dead had in hand, what is too old, who is too far behind, seals of old keys.

Loops that always run; any number of instances may do the same.
"""

import asyncio

import structlog

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database
from filemill.chassis.sealing import Seal, Unreadable
from filemill.notification import deliveries_repository, notices, webhooks_repository

FREE_EVERY_S = 2.0
TIDY_EVERY_S = 60.0
RESEALED_AT_ONCE = 200

_log = structlog.get_logger()


class Keeper:
    """Keeps the rows in order. `keep_s`: how long a delivery is remembered; `queue_most`: queued ones of one webhook."""

    def __init__(self, database: Database, seal: Seal, keep_s: float, queue_most: int) -> None:
        self._database = database
        self._seal = seal
        self._keep_s = keep_s
        self._queue_most = queue_most

    async def free(self) -> None:
        """Queue again what the dead had in hand, for ever."""
        while True:
            if await self._database.read(deliveries_repository.abandoned):
                await self._database.write("notification.webhooks.free", deliveries_repository.free_abandoned)
            await asyncio.sleep(FREE_EVERY_S)

    async def tidy(self) -> None:
        """The rest, for ever."""
        await self.reseal()
        while True:
            await self.tidy_once()
            await asyncio.sleep(TIDY_EVERY_S)

    async def tidy_once(self) -> None:
        """One round."""
        before_s = unix_s() - self._keep_s
        while await self._database.write("notification.webhooks.sweep", deliveries_repository.sweep, before_s):
            pass
        behind = await self._database.read(deliveries_repository.too_far_behind, self._queue_most)
        for webhook_id in behind:
            await self._database.write(
                "notification.webhooks.stop", notices.disable, webhook_id, notices.TOO_FAR_BEHIND
            )
        await self._database.write("notification.webhooks.forget", webhooks_repository.forget_old_secrets)

    async def reseal(self) -> None:
        """Bring every secret under the newest signing key, so that an old one can be taken away after a start."""
        after = ""
        while rows := await self._database.read(webhooks_repository.secrets_after, after, RESEALED_AT_ONCE):
            after = rows[-1][0]
            changed = [again for row in rows if (again := self._again(*row)) is not None]
            if changed:
                await self._database.write("notification.webhooks.reseal", webhooks_repository.reseal, changed)

    def _again(self, webhook_id: str, secret: str, old: str | None) -> tuple[str, str, str, str | None] | None:
        if self._seal.is_newest(secret) and (old is None or self._seal.is_newest(old)):
            return None
        try:
            return webhook_id, secret, self._seal.again(secret), self._seal.again(old) if old else None
        except Unreadable:
            _log.error("webhooks.secret.unreadable", webhook_id=webhook_id)
            return None
