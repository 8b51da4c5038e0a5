"""The files of an owner who is erased: purged a few at a time, in whatever state they are, until none is left but held ones.

What is not a file yet ends, too: unfinished uploads expire at once, with their pieces. Files under a legal
hold stay; each look finds those whose hold was released meanwhile.
"""

from dataclasses import dataclass

from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound
from filemill.chassis.owner_erasure_loop import FilesLeft
from filemill.chassis.web.caller import Caller
from filemill.contracts.erasures import HELD_SHOWN_MOST
from filemill.upload import owners_repository, purge
from filemill.upload.errors import UnderHold
from filemill.upload.unfinished import Unfinished

PURGED_MOST = 100
"""Files in one look, a transaction each."""


@dataclass(frozen=True, slots=True)
class OwnersFiles:
    """See `chassis.owner_erasure`."""

    database: Database
    unfinished: Unfinished | None = None

    async def purge_some(self, owner_id: str) -> FilesLeft:
        """Purge some; what is left then. Busy until every purge has been confirmed by every service."""
        if self.unfinished is not None and await self.database.read(owners_repository.has_uploads, owner_id):
            await self.database.write("upload.owner.uploads", owners_repository.expire_uploads, owner_id)
            await self.unfinished.sweep()
        caller = Caller(owner_id, is_admin=False, address=None)
        for file_id in await self.database.read(owners_repository.free_files, owner_id, PURGED_MOST):
            try:
                await self.database.write("upload.owner.purge", purge.begin, caller, file_id, "owner")
            except (NotFound, UnderHold):
                continue  # gone with its parent, or held a moment ago
        is_busy = await self.database.read(owners_repository.is_busy, owner_id)
        held, count = await self.database.read(owners_repository.held_files, owner_id, HELD_SHOWN_MOST)
        return FilesLeft(is_busy, tuple(held), count)
