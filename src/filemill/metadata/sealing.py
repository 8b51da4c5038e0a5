"""The loop that seals the audit trail: each second the entries that came are given their places in the chain.

Any instance may do it, one at a time. An entry can be changed unnoticed until it is sealed, so nothing waits longer than it
must. The head is logged once a minute while entries come: whoever ships logs elsewhere has it where this database cannot
change it. On failure the entries stay unsealed and the next round takes them.
"""

import asyncio
import time

import structlog

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.metadata import audit_repository, chain

EVERY_S = 1.0
LOOK_EVERY_S = 10.0
"""Other instances write entries, too."""
SEALED_MOST = 500
"""Entries of one transaction: some milliseconds."""
HEAD_LOGGED_EVERY_S = 60.0

_log = structlog.get_logger()


class Sealer:
    """Seals, for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._some = asyncio.Event()
        self._logged_at_s, self._logged_seal = float("-inf"), 0
        database.on_commit(audit_repository.ADDED, self._some.set)

    async def run(self) -> None:
        """At once what is there, then what comes."""
        while True:
            self._some.clear()
            await self.seal_all()
            await self._log_head()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._some.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(EVERY_S)

    async def seal_all(self) -> None:
        """Until nothing is left."""
        while await self._database.read(audit_repository.unsealed, 1):
            await self._database.write("metadata.audit.seal", seal, SEALED_MOST)

    async def _log_head(self) -> None:
        if time.monotonic() - self._logged_at_s < HEAD_LOGGED_EVERY_S:
            return
        newest = await self._database.read(audit_repository.newest_seal)
        if newest is not None and newest["seal_id"] != self._logged_seal:
            self._logged_at_s, self._logged_seal = time.monotonic(), newest["seal_id"]
            _log.info("metadata.audit.sealed", seal=newest["seal_id"], entries=newest["last_seq"], head=newest["head"])


def seal(tx: Tx, most: int) -> int:
    """Put the next entries under a seal; returns how many those were."""
    audit_repository.alone(tx)
    entries = audit_repository.unsealed(tx, most)
    if not entries:
        return 0
    newest = audit_repository.newest_seal(tx)
    first = newest["last_seq"] + 1 if newest else 1
    sealed = []
    for seq, entry in enumerate(entries, first):
        personal = chain.personal_of(entry)
        leaf = chain.leaf_of(entry, seq, personal)
        sealed.append({"entry": entry["entry_id"], "at_seq": seq, "its_personal": personal, "its_leaf": leaf})
    root, sealed_at, last = chain.root_of([one["its_leaf"] for one in sealed]), now(), first + len(entries) - 1
    before = newest["head"] if newest else chain.GENESIS
    made = {
        "seal_id": newest["seal_id"] + 1 if newest else 1,
        "first_seq": first,
        "last_seq": last,
        "root": root,
        "head": chain.head_of(before, last, root, sealed_at),
        "sealed_at": sealed_at,
    }
    audit_repository.add_seal(tx, made, sealed)
    return len(entries)
