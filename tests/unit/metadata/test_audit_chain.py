"""The chain over the audit trail: whoever changes what was sealed is found, and erasure is no such change."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, delete, func, insert, select, update

from filemill.chassis.ids import new_id
from filemill.metadata import audit_repository, chain, repository
from filemill.metadata.audit_check import Checked, Checking, Head
from filemill.metadata.sealing import seal
from filemill.metadata.tables import audit, audit_seals, metadata, purged_files

ENTRIES = 48
BATCH = 8
MANIPULATIONS = 1000
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = (
    "file_id", "owner_id", "at", "actor", "action", "outcome", "detail", "client_address", "request_id", "salt", "seq",
    "personal", "leaf",
)  # fmt: skip


def entry_of(number: int) -> dict[str, Any]:
    return {
        "file_id": f"file {number % 7}", "owner_id": "owner", "at": BEGAN + timedelta(seconds=number), "actor": "somebody",
        "action": "opened content", "outcome": "ok", "detail": {"version": number, "name": "Bericht ü.pdf"},
        "client_address": "10.0.0.7", "request_id": new_id(),
    }  # fmt: skip


@pytest.fixture
def tx() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as made:
        yield made


@pytest.fixture
def trail(tx: Connection) -> Connection:
    """Some sealed batches."""
    for number in range(ENTRIES):
        audit_repository.add(tx, entry_of(number))
        if number % BATCH == BATCH - 1:
            assert seal(tx, 1000) == BATCH
    tx.commit()
    return tx


def checked(tx: Connection, *heads: Head) -> Checked:
    checking = Checking(heads)
    while found := audit_repository.batches(tx, checking.checked.seals, 3):
        for batch in found:
            checking.see(batch)
    return checking.end(audit_repository.sealed_beyond(tx, checking.checked.entries), 0)


def head(tx: Connection) -> Head:
    newest = audit_repository.newest_seal(tx)
    assert newest is not None
    return Head(newest["last_seq"], newest["head"])


def test_check_when_nothing_was_changed_then_all_is_well(trail: Connection) -> None:
    """And every head that was kept on the way holds."""
    heads = [Head(row.last_seq, row.head) for row in trail.execute(select(audit_seals))]
    found = checked(trail, *heads)
    assert (found.ok, found.entries, found.seals, found.head) == (True, ENTRIES, ENTRIES // BATCH, heads[-1].head)


def test_seal_when_more_waits_than_one_batch_takes_then_the_rest_is_for_the_next(tx: Connection) -> None:
    """In the order it was written."""
    for number in range(25):
        audit_repository.add(tx, entry_of(number))
    assert [seal(tx, 10) for _ in range(4)] == [10, 10, 5, 0]
    rows = tx.execute(select(audit.c.seq, audit.c.detail).order_by(audit.c.entry_id)).all()
    assert [(row.seq, row.detail["version"]) for row in rows] == [(number + 1, number) for number in range(25)]
    assert checked(tx).ok


def other(value: Any, dice: random.Random) -> Any:
    """Something else of the same kind."""
    if isinstance(value, dict):
        return value | {"version": -1 - dice.randrange(9)}
    if isinstance(value, datetime):
        return value + timedelta(microseconds=dice.choice([-1, 1, 10**9]))
    if isinstance(value, int):
        return value + dice.choice([-1, 1, ENTRIES])
    at = dice.randrange(len(value))
    return value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]


def one_entry(tx: Connection, dice: random.Random) -> Any:
    return tx.execute(select(audit).where(audit.c.seq == dice.randint(1, ENTRIES))).mappings().one()


def edit(tx: Connection, dice: random.Random) -> None:
    row, column = one_entry(tx, dice), dice.choice(COLUMNS)
    change = {column: other(row[column], dice)}
    tx.execute(update(audit).where(audit.c.entry_id == row["entry_id"]).values(change))


def edit_with_hashes(tx: Connection, dice: random.Random) -> None:
    """By somebody who knows how a leaf is made."""
    row, column = dict(one_entry(tx, dice)), dice.choice(COLUMNS[:-4])
    row[column] = other(row[column], dice)
    row["personal"] = chain.personal_of(row)
    row["leaf"] = chain.leaf_of(row, row["seq"], row["personal"])
    tx.execute(update(audit).where(audit.c.entry_id == row["entry_id"]).values(row))


def rewrite(tx: Connection, dice: random.Random) -> None:
    """Change an entry and make every hash and seal anew."""
    row = one_entry(tx, dice)
    tx.execute(update(audit).where(audit.c.entry_id == row["entry_id"]).values(actor="nobody"))
    tx.execute(update(audit).values(seq=None, personal=None, leaf=None))
    tx.execute(delete(audit_seals))
    while seal(tx, BATCH):
        pass


def drop(tx: Connection, dice: random.Random) -> None:
    tx.execute(delete(audit).where(audit.c.entry_id == one_entry(tx, dice)["entry_id"]))


def swap(tx: Connection, dice: random.Random) -> None:
    a, b = dice.sample(range(1, ENTRIES + 1), 2)
    for old, new in ((a, -1), (b, a), (-1, b)):
        tx.execute(update(audit).where(audit.c.seq == old).values(seq=new))


def insert_between(tx: Connection, dice: random.Random) -> None:
    row = dict(one_entry(tx, dice))
    del row["entry_id"]
    tx.execute(insert(audit), row | {"actor": "nobody"})


def cut_entries(tx: Connection, dice: random.Random) -> None:
    tx.execute(delete(audit).where(audit.c.seq > dice.randrange(ENTRIES)))


def cut_all(tx: Connection, dice: random.Random) -> None:
    """Entries and their seals, cleanly: only a kept head knows."""
    left = dice.randrange(ENTRIES // BATCH)
    tx.execute(delete(audit).where(audit.c.seq > left * BATCH))
    tx.execute(delete(audit_seals).where(audit_seals.c.seal_id > left))


def change_seal(tx: Connection, dice: random.Random) -> None:
    seal_id = dice.randint(1, ENTRIES // BATCH)
    if dice.random() < 0.3:
        tx.execute(delete(audit_seals).where(audit_seals.c.seal_id == seal_id))
        return
    column = dice.choice(["first_seq", "last_seq", "root", "head", "sealed_at"])
    row = tx.execute(select(audit_seals).where(audit_seals.c.seal_id == seal_id)).mappings().one()
    change = {column: other(row[column], dice)}
    tx.execute(update(audit_seals).where(audit_seals.c.seal_id == seal_id).values(change))


def erase(tx: Connection, file_id: str) -> None:
    """What a purge does to the trail."""
    (kept,) = [kept for kept in repository.INVENTORY.tables if kept.table is audit]
    assert kept.erase is not None
    kept.erase(tx, file_id)


def blank(tx: Connection, dice: random.Random) -> None:
    """As erasure does, of a file that nobody purged."""
    erase(tx, f"file {dice.randrange(7)}")


KINDS: tuple[Callable[[Connection, random.Random], None], ...] = (
    edit, edit, edit, edit_with_hashes, rewrite, drop, swap, insert_between, cut_entries, cut_all, change_seal, blank,
)  # fmt: skip


def test_check_when_the_trail_was_tampered_with_then_it_is_found_each_time(trail: Connection) -> None:
    """A thousand edits, drops, moves, cuts and forgeries, against the head that was kept before."""
    kept = head(trail)
    missed = []
    for seed in range(MANIPULATIONS):
        dice = random.Random(seed)
        kind = KINDS[seed % len(KINDS)]
        kind(trail, dice)
        if checked(trail, kept).ok:
            missed.append((seed, kind.__name__))
        trail.rollback()
    assert missed == []
    assert checked(trail, kept).ok


def test_check_when_an_entry_was_changed_then_says_which(trail: Connection) -> None:
    """Its place and its file."""
    trail.execute(update(audit).where(audit.c.seq == 33).values(actor="nobody"))
    assert checked(trail).faults == ["entry 33 of the trail, about file file 4, was changed"]


def test_check_when_a_file_was_purged_then_its_entries_without_details_are_no_fault(trail: Connection) -> None:
    """What is personal is gone, salt and all; the hashes over it stand. Put back it would be found."""
    kept = head(trail)
    erase(trail, "file 3")
    gone = {"file_id": "file 3", "owner_id": "owner", "purge_id": new_id(), "removed": {}, "erased_at": BEGAN}
    trail.execute(insert(purged_files), gone)
    assert checked(trail, kept).ok
    left = trail.execute(
        select(audit.c.detail, audit.c.client_address, audit.c.salt).where(audit.c.file_id == "file 3")
    )
    assert set(map(str, left)) == {"({}, None, None)"}
    trail.execute(update(audit).where(audit.c.file_id == "file 3").values(client_address="10.0.0.7"))
    assert not checked(trail, kept).ok


def test_check_when_a_head_was_kept_of_another_trail_then_it_says_so(trail: Connection) -> None:
    """In the middle of a batch no head was ever."""
    for one in (Head(BATCH, "0" * 64), Head(BATCH + 1, chain.GENESIS), Head(ENTRIES + 1, chain.GENESIS)):
        assert not checked(trail, one).ok
    assert trail.execute(select(func.count()).select_from(audit)).scalar() == ENTRIES
