"""Reads and writes of the upload service's rows. Takes the transaction, owns none; every query of files takes the owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, insert, or_, select, text, update

from filemill.chassis import erasure, owner_erasure
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx, insert_rows
from filemill.chassis.database.inventory import Inventory, KeptTable, KnownFile, NamedBlob
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.chassis.storage import removals as removal_rows
from filemill.upload import versions_repository
from filemill.upload.tables import (
    blobs,
    families,
    files,
    idempotency,
    inbox,
    outbox,
    owner_erasures,
    purge_confirmations,
    purged_files,
    purges,
    removals,
    scans,
    shares,
    spooled,
    token_uses,
    upload_sessions,
    usage,
    versions,
)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is about to exist: its bytes are durable already."""

    file_id: str
    owner_id: str
    filename: str
    size: int
    content_type: str
    sha256: str
    storage_key: str
    external_id: str | None
    title: str | None
    tags: list[str]
    warnings: list[dict[str, str]]
    created_at: datetime
    parent_id: str | None = None
    parent_path: str | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """What an Idempotency-Key stands for: nobody's, somebody's who is at work, or a finished file."""

    holder: str | None
    held_until: float
    fingerprint: str | None
    file_id: str | None


def row_of(new: NewFile, status: str = "uploaded", held: str | None = None) -> dict[str, Any]:
    """The row a new file gets: version 1, nothing known of it yet."""
    fresh = {
        "version": 1,
        "change": 0,
        "deleted_at": None,
        "revision": 0,
        "status": status,
        "analysis": "pending",
    }
    fresh |= {"held": held, "trashed_with": None}
    unknown = {"status_reason": None, "analysis_reason": None}
    known = {one.name: getattr(new, one.name) for one in fields(new)}  # asdict would copy every value deeply
    return known | {"updated_at": new.created_at} | fresh | unknown


def insert_files(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add files."""
    insert_rows(tx, files, rows)


# files in a spool


def insert_spooled(tx: Tx, values: Mapping[str, Any]) -> None:
    """This file's bytes lie in a spool."""
    tx.execute(insert(spooled), values)


def spooled_in(tx: Tx, spool_id: str, after: str, most: int) -> list[RowMapping]:
    """What lies in one spool, oldest first, after a file id."""
    mine = select(spooled).where(spooled.c.spool_id == spool_id, spooled.c.file_id > after)
    return list(tx.execute(mine.order_by(spooled.c.file_id).limit(most)).mappings())


def spooled_keys(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Those of these keys that a row still needs in a spool."""
    return set(tx.execute(select(spooled.c.storage_key).where(spooled.c.storage_key.in_(keys))).scalars())


def is_held(tx: Tx, file_id: str) -> bool:
    """Whether the newest version of a file is not to be served."""
    return tx.execute(select(files.c.held).where(files.c.file_id == file_id)).scalar() is not None


def end_spooled(tx: Tx, file_id: str, status: str, reason: Mapping[str, Any] | None = None) -> bool:
    """It left the spool, for the store or for good; False if somebody else was first."""
    if not tx.execute(delete(spooled).where(spooled.c.file_id == file_id)).rowcount:
        return False
    queued = update(files).where(files.c.file_id == file_id, files.c.status == "queued")
    tx.execute(queued.values(status=status, status_reason=reason))
    return True


def get(tx: Tx, owner_id: str, file_id: str, *, deleted: bool = False) -> RowMapping | None:
    """One file of this owner; `deleted` chooses between the living and the trash."""
    state = files.c.deleted_at.is_not(None) if deleted else files.c.deleted_at.is_(None)
    query = select(files).where(files.c.file_id == file_id, files.c.owner_id == owner_id, state)
    return tx.execute(query).mappings().first()


def owner_of(tx: Tx, file_id: str) -> str | None:
    """Whose a living file is."""
    query = select(files.c.owner_id).where(files.c.file_id == file_id, files.c.deleted_at.is_(None))
    return tx.execute(query).scalar()


def get_all(tx: Tx, owner_id: str, file_ids: list[str]) -> list[RowMapping]:
    """Those of these files that are this owner's and living, in any order."""
    query = select(files).where(
        files.c.file_id.in_(file_ids), files.c.owner_id == owner_id, files.c.deleted_at.is_(None)
    )
    return list(tx.execute(query).mappings())


def page(tx: Tx, owner_id: str, limit: int, before: tuple[datetime, str] | None) -> list[RowMapping]:
    """The owner's living files, newest first, after the row named by `before`."""
    query = select(files).where(files.c.owner_id == owner_id, files.c.deleted_at.is_(None))
    if before is not None:
        created_at, file_id = before
        older = or_(files.c.created_at < created_at, and_(files.c.created_at == created_at, files.c.file_id < file_id))
        query = query.where(older)
    query = query.order_by(files.c.created_at.desc(), files.c.file_id.desc()).limit(limit)
    return list(tx.execute(query).mappings())


def set_deleted(
    tx: Tx, owner_id: str, file_id: str, deleted_at: datetime | None, following: str | None = None
) -> RowMapping | None:
    """Move a file to the trash, or back with None. None if it is not there to be moved. `following`: its parent there."""
    state = files.c.deleted_at.is_(None) if deleted_at else files.c.deleted_at.is_not(None)
    change = (
        update(files)
        .where(files.c.file_id == file_id, files.c.owner_id == owner_id, state)
        .values(deleted_at=deleted_at, change=files.c.change + 1, trashed_with=following)
        .returning(files)
    )
    return tx.execute(change).mappings().first()


def apply_copy(
    tx: Tx, file_id: str, revision: int, version: int, of_file: Mapping[str, Any], of_version: Mapping[str, Any]
) -> bool:
    """Take over what metadata says of a file, unless something newer is here already.

    What it says of a version (`of_version`) counts only while that is the newest one.
    """
    same = files.c.file_id == file_id, files.c.revision < revision
    change = update(files).where(*same, files.c.version == version).values(revision=revision, **of_file, **of_version)
    if tx.execute(change).rowcount:
        return True
    return tx.execute(update(files).where(*same).values(revision=revision, **of_file)).rowcount == 1


def point_to(tx: Tx, file_id: str, storage_key: str) -> None:
    """The newest version's bytes turned out to be in the store already, under this key."""
    tx.execute(update(files).where(files.c.file_id == file_id).values(storage_key=storage_key))


def find_signed(tx: Tx, file_id: str) -> RowMapping | None:
    """A living file, whoever owns it: only for a link whose signature was checked."""
    query = select(files).where(files.c.file_id == file_id, files.c.deleted_at.is_(None))
    return tx.execute(query).mappings().first()


def stats(tx: Tx, owner_id: str, midnight: datetime) -> tuple[dict[str, tuple[int, int]], int]:
    """(content type -> (files, bytes)), and how many were uploaded since `midnight`."""
    mine = and_(files.c.owner_id == owner_id, files.c.deleted_at.is_(None))
    by_type = (
        select(files.c.content_type, func.count(), func.sum(files.c.size)).where(mine).group_by(files.c.content_type)
    )
    today = select(func.count()).select_from(files).where(mine, files.c.created_at >= midnight)
    return {row[0]: (row[1], int(row[2])) for row in tx.execute(by_type)}, tx.execute(today).scalar_one()


# idempotency keys


def find_claim(tx: Tx, owner_id: str, route: str, key: str) -> Claim | None:
    """What is known of a key."""
    row = tx.execute(
        select(idempotency.c.holder, idempotency.c.held_until, idempotency.c.fingerprint, idempotency.c.file_id).where(
            *_key(owner_id, route, key)
        )
    ).first()
    return Claim(*row) if row else None


def hold_claim(tx: Tx, owner_id: str, route: str, key: str, holder: str, hold_s: float) -> None:
    """Say that `holder` is at work on this key. The caller has checked that nobody else is."""
    now = unix_s()
    tx.execute(
        text(
            "INSERT INTO idempotency (owner_id, route, key, holder, held_until, created_at)"
            " VALUES (:owner_id, :route, :key, :holder, :until, :now)"
            " ON CONFLICT (owner_id, route, key) DO UPDATE SET holder = :holder, held_until = :until"
        ),
        {"owner_id": owner_id, "route": route, "key": key, "holder": holder, "until": now + hold_s, "now": now},
    )


def keep_claims(tx: Tx, holders: Sequence[str], hold_s: float) -> None:
    """Say again that these are at work."""
    change = update(idempotency).where(idempotency.c.holder.in_(holders))
    tx.execute(change.values(held_until=unix_s() + hold_s))


def finish_claim(tx: Tx, owner_id: str, route: str, key: str, fingerprint: str, file_id: str) -> None:
    """This key stands for this file from now on."""
    change = update(idempotency).where(*_key(owner_id, route, key))
    tx.execute(change.values(holder=None, held_until=0, fingerprint=fingerprint, file_id=file_id))


def drop_claim(tx: Tx, owner_id: str, route: str, key: str, holder: str) -> None:
    """The request failed: the key is free again, so that a retry can succeed."""
    tx.execute(delete(idempotency).where(*_key(owner_id, route, key), idempotency.c.holder == holder))


def sweep_claims(tx: Tx, before: float, most: int = 1000) -> int:
    """Forget keys older than `before` (Unix seconds)."""
    old = select(idempotency.c.owner_id, idempotency.c.route, idempotency.c.key).where(
        idempotency.c.created_at < before
    )
    rows = tx.execute(old.limit(most)).all()
    for row in rows:
        tx.execute(delete(idempotency).where(*_key(*row)))
    return len(rows)


def _key(owner_id: str, route: str, key: str) -> tuple[Any, ...]:
    return idempotency.c.owner_id == owner_id, idempotency.c.route == route, idempotency.c.key == key


# purges


def find_to_purge(tx: Tx, owner_id: str, file_id: str) -> RowMapping | None:
    """A file of this owner, living or in the trash."""
    query = select(files).where(files.c.file_id == file_id, files.c.owner_id == owner_id)
    return tx.execute(query).mappings().first()


def insert_purge(
    tx: Tx, purge_id: str, file_id: str, owner_id: str, cause: str, asked_at: datetime, part_of: str | None = None
) -> None:
    """Somebody, the end of the trash's time, or the purge of the parent (`part_of`) asked for this."""
    row = {"purge_id": purge_id, "file_id": file_id, "owner_id": owner_id, "cause": cause, "asked_at": asked_at}
    tx.execute(insert(purges), row | {"part_of": part_of})


def find_purge(tx: Tx, owner_id: str, purge_id: str) -> tuple[RowMapping | Mapping[str, Any], list[RowMapping]] | None:
    """A purge of this owner with what the services have confirmed; not done while a child's is not."""
    mine = select(purges).where(purges.c.purge_id == purge_id, purges.c.owner_id == owner_id)
    row = tx.execute(mine).mappings().first()
    if row is None:
        return None
    said = select(purge_confirmations).where(purge_confirmations.c.purge_id == purge_id)
    children = select(purges.c.purge_id).where(purges.c.part_of == purge_id, purges.c.done_at.is_(None)).limit(1)
    waiting = select(families.c.file_id).where(families.c.purge_id == purge_id).limit(1)
    # A child under a legal hold stays behind, and the purge of what it came out of is not done until it has followed.
    its_own = select(purges.c.file_id).where(or_(purges.c.purge_id == purge_id, purges.c.part_of == purge_id))
    left = select(files.c.file_id).where(files.c.parent_id.in_(its_own)).limit(1)
    shown: RowMapping | Mapping[str, Any] = row
    if any(tx.execute(query).first() for query in (children, waiting, left)):
        shown = dict(row) | {"done_at": None}
    return shown, list(tx.execute(said.order_by(purge_confirmations.c.service)).mappings())


def confirm_purge(
    tx: Tx, purge_id: str, service: str, removed: Mapping[str, int], at: datetime, services: Sequence[str]
) -> None:
    """A service has nothing left; the purge is done when all of `services` have said so. The caller holds the file."""
    said = purge_confirmations.c.purge_id == purge_id
    known = set(tx.execute(select(purge_confirmations.c.service).where(said)).scalars())
    if service not in known:
        row = {"purge_id": purge_id, "service": service, "removed": removed, "confirmed_at": at}
        tx.execute(insert(purge_confirmations), row)
    if known | {service} >= set(services):
        tx.execute(update(purges).where(purges.c.purge_id == purge_id, purges.c.done_at.is_(None)).values(done_at=at))


def _erase_file(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    row = tx.execute(delete(files).where(files.c.file_id == file_id).returning(files)).mappings().first()
    if row is None:
        return 0, []
    if row["status"] == "queued":  # it never became a version, but was counted
        versions_repository.count_usage(tx, row["owner_id"], -row["size"], -1)
    return 1, []


def _erase_versions(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    owners, keys = versions_repository.drop_versions(tx, file_id)
    for owner_id, (count, size) in owners.items():
        versions_repository.count_usage(tx, owner_id, -size, -count)
    return sum(count for count, _ in owners.values()), keys


def unnamed(tx: Tx, keys: Sequence[str]) -> list[str]:
    """Those of these blobs that no row of this service names, nor is removing."""
    named: set[str] = set()
    for column in (blobs.c.storage_key, versions.c.storage_key, spooled.c.storage_key, removals.c.storage_key):
        named |= set(tx.execute(select(column).where(column.in_(keys))).scalars())
    return [key for key in keys if key not in named]


# what the operator's tools see


def _content(row: RowMapping) -> list[NamedBlob]:
    return [NamedBlob("", "content", row["storage_key"], row["size"], row["sha256"])]


def _known(row: RowMapping) -> KnownFile | None:
    if row["status"] == "queued" or row["held"]:
        return None  # nobody was told of it yet, or, with a version held back, of its newest
    return KnownFile(
        row["file_id"], row["owner_id"], row["version"], row["storage_key"], row["change"],
        deleted=row["deleted_at"] is not None, sha256=row["sha256"], status=row["status"], analysis=row["analysis"],
    )  # fmt: skip


INVENTORY = Inventory(
    "upload",
    (
        KeptTable(files, erase=_erase_file, owner="with files"),
        KeptTable(versions, erase=_erase_versions, owner="with files"),
        KeptTable(
            blobs,
            blobs=_content,
            local={"holder": None, "held_until": 0.0},
            survives="a blob goes with the last version that names it",
            owner="with files",
            owner_column="scope",
        ),
        KeptTable(usage, survives="sums per owner, corrected when versions go", owner="at last"),
        KeptTable(families, counted=False, survives="an id whose children are still to follow, until they have"),
        KeptTable(purges, survives="the marker that a file was erased: ids only", owner="renamed"),
        KeptTable(purge_confirmations, survives="the marker that a file was erased: ids only"),
        erasure.kept(purged_files),
        owner_erasure.kept(owner_erasures),
        removal_rows.kept(removals),
        # A key in use belongs to a request that is running; where nothing runs there is none.
        KeptTable(
            idempotency,
            local={"holder": None, "held_until": 0.0},
            worth=idempotency.c.file_id.is_not(None),
            survives="ids and hashes, for a day: the same request, sent late, must not bring a purged file back",
            owner="at last",
        ),
        KeptTable(scans, local={"holder": None, "held_until": 0.0}),
        KeptTable(
            spooled, must_be_empty="files wait in the spool (FILEMILL_SPOOL_DIR); start the mill until they are stored"
        ),
        # Unfinished bodies stay where they arrive; of finished ones it is still asked what became of them.
        KeptTable(
            upload_sessions,
            local={"holder": None, "held_until": 0.0, "pieces": []},
            worth=upload_sessions.c.file_id.is_not(None),
            counted=False,
            owner="with files",
        ),
        KeptTable(shares, owner="with files"),
        KeptTable(token_uses, survives="counts, for as long as uploads begun with the token may end", owner="at last"),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
    files,
    _known,
    whose=versions_repository.files_with,
)
