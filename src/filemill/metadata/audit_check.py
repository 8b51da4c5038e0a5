"""Is the audit trail what was sealed? Every entry is hashed again, every seal compared; reads only.

Found: an entry that was changed, dropped, put elsewhere or in between, a seal likewise. That the end of the trail was cut
off, or all of it written anew, only a head tells that was kept elsewhere (`filemill audit head`). Not found: an entry
changed in the second before it was sealed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import RowMapping

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database
from filemill.metadata import audit_repository, chain
from filemill.metadata.audit_repository import Batch

SEALS_A_READ = 50
FAULTS_MOST = 100
UNSEALED_GRACE = timedelta(minutes=1)
Progress = Callable[[str, int, int], None]
"""Told (what, done, of how many)."""


@dataclass(frozen=True, slots=True)
class Head:
    """What somebody kept elsewhere: after so many entries the head was this."""

    entries: int
    head: str


@dataclass(slots=True)
class Checked:
    """What was looked at and found wrong, in words; the first `FAULTS_MOST` of `wrong`."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    head: str = chain.GENESIS
    wrong: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the trail is what was sealed."""
        return not self.wrong

    def found(self, fault: str) -> None:
        """One more thing that is wrong."""
        self.wrong += 1
        if len(self.faults) < FAULTS_MOST:
            self.faults.append(fault)


class Checking:
    """One way through the trail, seal by seal."""

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self.checked = Checked()
        self._kept = {one.entries: one.head for one in heads}

    def see(self, batch: Batch) -> None:
        """The next seal."""
        checked, seal = self.checked, batch.seal
        first = checked.entries + 1
        if (seal["seal_id"], seal["first_seq"]) != (checked.seals + 1, first):
            checked.found(f"seal {checked.seals + 1} is missing before seal {seal['seal_id']}, or was changed")
        self._entries(seal, batch)
        if chain.head_of(checked.head, seal["last_seq"], seal["root"], seal["sealed_at"]) != seal["head"]:
            checked.found(f"seal {seal['seal_id']} does not follow from the one before it")
        checked.seals, checked.entries, checked.head = seal["seal_id"], seal["last_seq"], seal["head"]
        kept = self._kept.pop(checked.entries, None)
        if kept not in (None, checked.head):
            checked.found(f"the head after {checked.entries} entries is another than the one that was kept")

    def end(self, beyond: int, unsealed: int) -> Checked:
        """All seals were seen; `beyond`: entries with a place behind them, `unsealed`: old ones with none."""
        checked = self.checked
        if beyond:
            checked.found(f"{beyond} entries claim places behind the last seal")
        for entries in sorted(self._kept):
            checked.found(f"a head was kept after {entries} entries; the trail has no seal there")
        checked.unsealed = unsealed
        return checked

    def _entries(self, seal: RowMapping, batch: Batch) -> None:
        by_seq = {entry["seq"]: entry for entry in batch.entries}
        leaves: list[str] = []
        for seq in range(seal["first_seq"], seal["last_seq"] + 1):
            entry = by_seq.get(seq)
            if entry is None:
                self.checked.found(f"entry {seq} of the trail is missing")
            elif problem := _problem(entry, batch):
                self.checked.found(f"entry {seq} of the trail, about file {entry['file_id']}, {problem}")
            leaves.append("" if entry is None else entry["leaf"] or "")
        if len(batch.entries) != len(by_seq):
            self.checked.found(f"seal {seal['seal_id']} has several entries at one place")
        if not _root_is(seal["root"], leaves):
            self.checked.found(f"the entries under seal {seal['seal_id']} are not those that were sealed")


async def check(database: Database, heads: Sequence[Head], progress: Progress) -> Checked:
    """Look at the whole trail; what is wrong is in the answer."""
    checking = Checking(heads)
    newest = await database.read(audit_repository.newest_seal)
    total = newest["last_seq"] if newest else 0
    while found := await database.read(audit_repository.batches, checking.checked.seals, SEALS_A_READ):
        for batch in found:
            checking.see(batch)
        progress("audit entries", checking.checked.entries, max(total, checking.checked.entries))
    # Sealed while this ran: seen above, since seals are read until there are no more.
    beyond = await database.read(audit_repository.sealed_beyond, checking.checked.entries)
    return checking.end(beyond, await database.read(audit_repository.unsealed_before, now() - UNSEALED_GRACE))


def _problem(entry: RowMapping, batch: Batch) -> str | None:
    # Of an erased owner neither the name nor the details are there to be hashed again: place and leaf are what is left.
    is_anonymous = entry["owner_id"] in batch.marks or entry["actor"] in batch.marks
    if entry["salt"] is None:
        if entry["file_id"] not in batch.purged and not is_anonymous:
            return "lost its details, and its file was not purged"
        if entry["detail"] or entry["client_address"]:
            return "has details again that were erased"
    elif chain.personal_of(entry) != entry["personal"]:
        return "was changed"
    return (
        None
        if is_anonymous or chain.leaf_of(entry, entry["seq"], entry["personal"]) == entry["leaf"]
        else "was changed"
    )


def _root_is(root: str, leaves: list[str]) -> bool:
    try:
        return chain.root_of(leaves) == root
    except (ValueError, IndexError):
        return False  # a leaf that is no hash, or none at all
