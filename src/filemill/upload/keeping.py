"""Looking after what uploads leave behind: half-written blobs of dead processes, old idempotency keys, old trash, uploads that
nobody finished. Always runs.

A whole blob without a row (a crash between the two) is the `reconciler`'s: other services keep blobs in the same store.
"""

import asyncio
from datetime import timedelta

import structlog

from filemill.chassis.clock import now, unix_s
from filemill.chassis.database.database import Database
from filemill.chassis.storage.store import BlobStore, SweepsPartials
from filemill.upload import claims_repository, purge, shares_repository, tokens_repository
from filemill.upload.purge import EXPIRED_MOST
from filemill.upload.settings import UploadSettings
from filemill.upload.unfinished import AT_ONCE_MOST, Unfinished

EVERY_S = 60.0
BEHIND_S = 1.0
"""From one round to the next while there is more than a round sweeps: what is left behind must not grow with the load."""
KEYS_MOST = 1000
LINKS_MOST = 1000

_log = structlog.get_logger()


class Keeper:
    """Sweeps, a bounded amount each minute, and each second while there is more."""

    def __init__(
        self, database: Database, store: BlobStore, settings: UploadSettings, unfinished: Unfinished | None = None
    ) -> None:
        self._database = database
        self._partials = store if isinstance(store, SweepsPartials) else None
        self._settings = settings
        self._unfinished = unfinished

    async def run(self) -> None:
        """Sweep for ever, the first time at once."""
        while True:
            is_behind = await self.sweep()
            await asyncio.sleep(BEHIND_S if is_behind else EVERY_S)

    async def sweep(self) -> bool:
        """One round; whether there is more to do."""
        before = unix_s() - self._settings.idempotency_hours * 3600
        keys = await self._database.write_unsynced(
            "upload.idempotency.sweep", claims_repository.sweep, before, KEYS_MOST
        )
        tokens = await self._database.write_unsynced("upload.tokens.sweep", tokens_repository.sweep, unix_s())
        ended = now() - timedelta(days=shares_repository.REMEMBERED_DAYS)
        links = await self._database.write_unsynced("upload.shares.sweep", shares_repository.sweep, ended, LINKS_MOST)
        partials = await self._partials.sweep_partials() if self._partials else 0
        expired = await purge.expire_trash(self._database, self._settings.trash_days)
        gone, made = await self._unfinished.sweep() if self._unfinished else (0, 0)
        swept = {"partial_files": partials, "idempotency_keys": keys, "expired_trash": expired, "uploads": gone}
        swept |= {"upload_tokens": tokens, "shares": links}
        if any(swept.values()) or made:
            _log.info("upload.keeper.swept", **swept, files_made=made)
        bounds = (
            (keys, KEYS_MOST),
            (links, LINKS_MOST),
            (expired, EXPIRED_MOST),
            (gone, AT_ONCE_MOST),
            (made, AT_ONCE_MOST),
        )
        return any(2 * count > most for count, most in bounds)  # some of a round may have been held by others
