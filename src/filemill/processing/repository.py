"""Reads and writes of the processing service's rows. Takes the transaction, owns none."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, delete, insert, select

from filemill.chassis import erasure, owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory, KeptTable, NamedBlob
from filemill.chassis.database.known_files import KnownFiles, known_file
from filemill.chassis.jobs import table as job_tables
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.chassis.storage import removals as removal_rows
from filemill.contracts.processing import RenditionRef, TextRef
from filemill.processing import parts_repository, results_repository
from filemill.processing.tables import (
    content_runs,
    file_contents,
    inbox,
    jobs,
    known_files,
    outbox,
    owner_erasures,
    parts,
    purged_files,
    removals,
    renditions,
    result_blobs,
    step_results,
)

KIND = "processing"
UNPACK = "unpack"
"""The kind of jobs that take files out of a file."""

job_queue = JobQueue(jobs)
known = KnownFiles(known_files)


def keep_renditions(
    tx: Tx, file_id: str, owner_id: str, version: int, made: list[RenditionRef], text: TextRef, made_by: dict[str, Any]
) -> None:
    """Replace the renditions of a version, its text among them; what nobody names any more is deleted later."""
    same = (renditions.c.file_id == file_id, renditions.c.version == version)
    old = list(tx.execute(delete(renditions).where(*same).returning(renditions.c.storage_key)).scalars())
    common = {"file_id": file_id, "owner_id": owner_id, "version": version, "made_by": made_by}
    rows = [rendition.model_dump() | common for rendition in made]
    if text.storage_key is not None:
        rows.append(
            {"name": results_repository.TEXT, "storage_key": text.storage_key, "content_type": "application/json",
             "size": text.size or 0, "width": None, "height": None, "sha256": text.sha256} | common
        )  # fmt: skip
    if rows:
        tx.execute(insert(renditions), rows)
    removal_rows.add(tx, results_repository.unnamed(tx, old), after_s=results_repository.DROPPED_AFTER_S)


def contents_page(tx: Tx, owner_id: str, most: int, after: str | None) -> list[RowMapping]:
    """The next living files of an owner in the order of their ids, each with what is remembered of its last run."""
    same = and_(file_contents.c.file_id == known_files.c.file_id, file_contents.c.version == known_files.c.version)
    query = select(
        known_files.c.file_id, known_files.c.filename, known_files.c.content_type,
        file_contents.c.content_type.label("found_type"), file_contents.c.steps,
    ).outerjoin(file_contents, same)  # fmt: skip
    living = and_(known_files.c.owner_id == owner_id, known_files.c.deleted.is_(False), known_files.c.version > 0)
    query = query.where(living if after is None else and_(living, known_files.c.file_id > after))
    return list(tx.execute(query.order_by(known_files.c.file_id).limit(most)).mappings())


def rendition(tx: Tx, owner_id: str, file_id: str, name: str) -> RowMapping | None:
    """The newest rendition of this name."""
    query = select(renditions).where(
        renditions.c.file_id == file_id, renditions.c.owner_id == owner_id, renditions.c.name == name
    )
    return tx.execute(query.order_by(renditions.c.version.desc()).limit(1)).mappings().first()


def add_rendition(tx: Tx, file: RowMapping, made: RenditionRef, made_by: dict[str, Any]) -> RowMapping | None:
    """Keep one more picture of a version, and return the row: an earlier one of this name stays.

    None if the version is not the one in force any more. A blob that is not needed then is deleted.
    """
    common = {name: file[name] for name in ("file_id", "owner_id", "version")}
    living = known.living(tx, file["owner_id"], file["file_id"])
    if living is None or living["version"] != file["version"]:
        removal_rows.add(tx, [made.storage_key])
        return None
    row = rendition(tx, file["owner_id"], file["file_id"], made.name)
    if row is not None and row["version"] == file["version"]:
        removal_rows.add(tx, [made.storage_key])
        return row
    tx.execute(insert(renditions).values(made.model_dump() | common | {"made_by": made_by}))
    return rendition(tx, file["owner_id"], file["file_id"], made.name)


def drop_oldest(tx: Tx, file_id: str, prefix: str, most: int) -> None:
    """Of a file's renditions whose names begin so keep the newest; blobs' ids grow with time."""
    some = (renditions.c.file_id == file_id, renditions.c.name.startswith(prefix))
    keys = list(tx.execute(select(renditions.c.storage_key).where(*some)).scalars())
    spare = sorted(keys, key=lambda key: key.rpartition("/")[2], reverse=True)[most:]
    if spare:
        tx.execute(delete(renditions).where(*some, renditions.c.storage_key.in_(spare)))
        removal_rows.add(tx, spare)


def plan_of(tx: Tx, file_id: str, version: int) -> str | None:
    """The plan of the last run of a version; None before it."""
    query = select(file_contents.c.plan).where(file_contents.c.file_id == file_id, file_contents.c.version == version)
    return tx.execute(query).scalar()


def type_of(tx: Tx, file_id: str, version: int) -> str | None:
    """The type that the last run of a version found; None before it."""
    query = select(file_contents.c.content_type)
    return tx.execute(query.where(file_contents.c.file_id == file_id, file_contents.c.version == version)).scalar()


def unpack_job(tx: Tx, file_id: str, version: int, paths: list[str] | None, states: Sequence[str]) -> RowMapping | None:
    """The newest job in one of these states that takes just these parts out of a version."""
    query = select(jobs).where(jobs.c.file_id == file_id, jobs.c.kind == UNPACK, jobs.c.version == version)
    query = query.where(jobs.c.state.in_(states)).order_by(jobs.c.run.desc())
    rows = tx.execute(query).mappings()
    return next((row for row in rows if row["payload"]["paths"] == paths), None)


def last_run(tx: Tx, file_id: str) -> RowMapping | None:
    """The newest job that ran, or runs, the plan of a file."""
    query = select(jobs).where(jobs.c.file_id == file_id, jobs.c.kind == KIND)
    return tx.execute(query.order_by(jobs.c.run.desc(), jobs.c.job_id.desc()).limit(1)).mappings().first()


def named(tx: Tx, keys: Sequence[str]) -> list[str]:
    """Those of these blobs that a row of this service names, or is removing."""
    removing = select(removals.c.storage_key).where(removals.c.storage_key.in_(keys))
    waiting = parts_repository.named(tx, keys)
    return sorted({*results_repository.named(tx, keys), *waiting, *tx.execute(removing).scalars()})


# what the operator's tools see


def _rendition(row: RowMapping) -> list[NamedBlob]:
    return [NamedBlob(row["file_id"], f"rendition {row['name']}", row["storage_key"], row["size"], row["sha256"])]


def _result_blob(row: RowMapping) -> list[NamedBlob]:
    return [NamedBlob("", f"result {row['name']}", row["storage_key"], row["size"], row["sha256"])]


def _part(row: RowMapping) -> list[NamedBlob]:
    key = row["storage_key"]
    return [NamedBlob(row["file_id"], f"part {row['number']}", key, row["size"], row["sha256"])] if key else []


INVENTORY = Inventory(
    "processing",
    (
        # Jobs first: a purge that waits here for a job's last write then sees what that wrote.
        job_tables.kept(jobs),
        # A blob goes with the last row that names it; whose bytes they are says `file_contents`, so that goes after.
        KeptTable(renditions, blobs=_rendition, erase=results_repository.erase_renditions, owner="with files"),
        KeptTable(step_results, erase=results_repository.erase_results, owner="with files"),
        KeptTable(result_blobs, blobs=_result_blob, erase=results_repository.erase_blobs),
        KeptTable(content_runs, local={"job_id": None}, erase=results_repository.erase_runs, owner="with files"),
        KeptTable(file_contents, owner="with files"),
        KeptTable(parts, local={"holder": None}, blobs=_part, erase=parts_repository.erase, owner="with files"),
        KeptTable(known_files, owner="with files"),
        erasure.kept(purged_files),
        owner_erasure.kept(owner_erasures),
        removal_rows.kept(removals),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
    known_files,
    known_file,
    whose=results_repository.files_with,
)
