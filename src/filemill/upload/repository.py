"""Reads and writes of the upload service's rows. Takes the transaction, owns none; every query of files takes the owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, or_, select, update

from filemill.chassis import erasure, owner_erasure
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


def is_held(tx: Tx, file_id: str) -> bool:
    """Whether the newest version of a file is not to be served."""
    return tx.execute(select(files.c.held).where(files.c.file_id == file_id)).scalar() is not None


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
            owner_columns=("scope",),
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
