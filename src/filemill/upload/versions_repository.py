"""Reads and writes of versions, of the blobs they share, and of what an owner has. Takes the transaction, owns none.

A blob lives as long as a version names it: there is no counter that could drift. Whoever is about to name one locks its row
first, and so does whoever is about to drop it, so the two cannot miss each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, delete, func, select, text, update

from filemill.chassis.database.database import Tx, insert_rows
from filemill.upload.tables import blobs, files, usage, versions


@dataclass(frozen=True, slots=True)
class KnownBlob:
    """A content that the store has: under which key, in how many bytes, and how often it got another form."""

    storage_key: str
    stored_size: int
    forms: int


VERSION_COLUMNS = tuple(column.name for column in versions.c)


_BLOBS = (
    select(blobs.c.scope, blobs.c.sha256, blobs.c.storage_key, blobs.c.stored_size, blobs.c.forms)
    .order_by(blobs.c.storage_key)  # in one order, so that two transactions cannot wait for each other
    # FOR SHARE: who gives a blob another form waits, and then sees the version that came to share it.
    .with_for_update(read=True)
)
_BLOB_OF_ONE = _BLOBS.where(blobs.c.sha256 == bindparam("sha256"), blobs.c.scope == bindparam("scope"))
# Two lists and not one of pairs: for pairs SQLite reads the whole table.
_BLOBS_OF_MANY = _BLOBS.where(
    blobs.c.sha256.in_(bindparam("digests", expanding=True)), blobs.c.scope.in_(bindparam("scopes", expanding=True))
)


def find_blobs(tx: Tx, contents: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownBlob]:
    """Which of these (scope, SHA-256) the store has, and how. They stay as they are until this transaction ends."""
    wanted = set(contents)
    if not wanted:
        return {}
    if len(wanted) == 1:
        ((scope, sha256),) = wanted
        rows = tx.execute(_BLOB_OF_ONE, {"sha256": sha256, "scope": scope})
    else:
        scopes, digests = ({one[at] for one in wanted} for at in (0, 1))
        rows = tx.execute(_BLOBS_OF_MANY, {"digests": list(digests), "scopes": list(scopes)})
    return {(row[0], row[1]): KnownBlob(*row[2:]) for row in rows if (row[0], row[1]) in wanted}


def blob_of(version: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """The row of a blob that a version brings."""
    facts = {name: version[name] for name in ("storage_key", "sha256", "size")}
    return facts | {"scope": scope, "stored_size": version["size"], "stored_at": version["created_at"]}


def insert_blobs(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """The store has these now."""
    insert_rows(tx, blobs, rows)


def insert_versions(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add versions. `rows` may be rows of `files`: they name the same facts."""
    insert_rows(tx, versions, [{name: row[name] for name in VERSION_COLUMNS} for row in rows])


_COUNT = text(
    "INSERT INTO usage (owner_id, bytes, versions) VALUES (:owner_id, :bytes, :versions)"
    " ON CONFLICT (owner_id) DO UPDATE SET bytes = usage.bytes + :bytes, versions = usage.versions + :versions"
    " RETURNING bytes"
)


def count_usage(tx: Tx, owner_id: str, size: int, count: int) -> int:
    """`owner_id` has so many bytes and versions more (or less); returns the bytes there are now."""
    return int(tx.execute(_COUNT, {"owner_id": owner_id, "bytes": size, "versions": count}).scalar_one())


def used_bytes(tx: Tx, owner_id: str) -> int:
    """What the owner's versions weigh together."""
    return tx.execute(select(usage.c.bytes).where(usage.c.owner_id == owner_id)).scalar() or 0


def stored_bytes(tx: Tx, owner_id: str) -> int:
    """What the store holds for the owner's living files."""
    mine = select(versions.c.storage_key).join(files, files.c.file_id == versions.c.file_id)
    mine = mine.where(versions.c.owner_id == owner_id, files.c.deleted_at.is_(None)).distinct()
    total = select(func.sum(blobs.c.stored_size)).where(blobs.c.storage_key.in_(mine))
    return int(tx.execute(total).scalar() or 0)


# a new version


def add_version(
    tx: Tx, owner_id: str, file_id: str, values: Mapping[str, Any], only_if: Sequence[str] | None
) -> RowMapping | None:
    """Give a living file new content; None if there is no such file, or its SHA-256 is none of `only_if`."""
    fresh = {"status": "uploaded", "held": None, "status_reason": None, "analysis": "pending", "analysis_reason": None}
    living = and_(files.c.file_id == file_id, files.c.owner_id == owner_id, files.c.deleted_at.is_(None))
    change = update(files).where(living)
    if only_if is not None:
        change = change.where(files.c.sha256.in_(only_if))
    change = change.values(version=files.c.version + 1, **(fresh | dict(values))).returning(files)
    return tx.execute(change).mappings().first()


def version(tx: Tx, file_id: str, number: int) -> RowMapping | None:
    """One version of a file whose owner was checked."""
    query = select(versions).where(versions.c.file_id == file_id, versions.c.version == number)
    return tx.execute(query).mappings().first()


def versions_of(tx: Tx, file_id: str, limit: int, before: int | None) -> list[RowMapping]:
    """Versions of a file whose owner was checked, newest first."""
    query = select(versions).where(versions.c.file_id == file_id)
    if before is not None:
        query = query.where(versions.c.version < before)
    return list(tx.execute(query.order_by(versions.c.version.desc()).limit(limit)).mappings())


# erasing


def drop_versions(tx: Tx, file_id: str) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Forget every version of a file: (owner -> (how many, their bytes), keys that no version names any more).

    The blobs' rows of those keys are gone, too: from here on nobody can come to share them.
    """
    gone = tx.execute(
        delete(versions)
        .where(versions.c.file_id == file_id)
        .returning(versions.c.storage_key, versions.c.owner_id, versions.c.size)
    ).all()
    keys = sorted({key for key, _, _ in gone})
    for key in keys:  # lock first, in one order; then look
        tx.execute(select(blobs.c.storage_key).where(blobs.c.storage_key == key).with_for_update())
    used = set(tx.execute(select(versions.c.storage_key).where(versions.c.storage_key.in_(keys))).scalars())
    free = [key for key in keys if key not in used]
    tx.execute(delete(blobs).where(blobs.c.storage_key.in_(free)))
    owners: dict[str, tuple[int, int]] = {}
    for _, owner_id, size in gone:
        count, total = owners.get(owner_id, (0, 0))
        owners[owner_id] = (count + 1, total + size)
    return owners, free


def trash_past(tx: Tx, before: datetime, most: int) -> list[RowMapping]:
    """Files that went to the trash before then and are under no legal hold, the longest there first."""
    query = select(files.c.file_id, files.c.owner_id).where(files.c.deleted_at < before, files.c.hold.is_(None))
    return list(tx.execute(query.order_by(files.c.deleted_at).limit(most)).mappings())


def blobs_after(tx: Tx, storage_key: str, most: int) -> list[tuple[str, bool]]:
    """Keys of blobs in their order, behind one, and whether each lies there compressed."""
    query = select(blobs.c.storage_key, blobs.c.compression).where(blobs.c.storage_key > storage_key)
    rows = tx.execute(query.order_by(blobs.c.storage_key).limit(most))
    return [(key, compression == "zstd") for key, compression in rows]


def files_with(tx: Tx, storage_key: str) -> list[str]:
    """Which files have a version with this blob."""
    return list(
        tx.execute(select(versions.c.file_id).where(versions.c.storage_key == storage_key).distinct()).scalars()
    )


def newest_with(tx: Tx, storage_key: str, most: int) -> list[RowMapping]:
    """Files whose newest version has this blob, with what the store holds for it."""
    same = and_(files.c.file_id == versions.c.file_id, files.c.version == versions.c.version)
    query = (
        select(files.c.file_id, files.c.owner_id, files.c.version, blobs.c.stored_size, blobs.c.forms)
        .select_from(versions.join(files, same).join(blobs, blobs.c.storage_key == versions.c.storage_key))
        .where(versions.c.storage_key == storage_key)
    )
    return list(tx.execute(query.order_by(files.c.file_id).limit(most)).mappings())
