"""Reads and writes of the processing service's rows. Takes the transaction, owns none."""

from typing import Any

from sqlalchemy import RowMapping, delete, insert, select

from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory, KeptTable, NamedBlob
from filemill.chassis.database.known_files import KnownFiles, known_file
from filemill.chassis.jobs import table as job_tables
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.contracts.processing import RenditionRef
from filemill.processing.tables import inbox, jobs, known_files, outbox, renditions

job_queue = JobQueue(jobs)
known = KnownFiles(known_files)


def keep_renditions(
    tx: Tx, file_id: str, owner_id: str, version: int, made: list[RenditionRef], made_by: dict[str, Any]
) -> list[str]:
    """Replace the renditions of a version; returns the storage keys nobody needs any more."""
    same = (renditions.c.file_id == file_id, renditions.c.version == version)
    old = list(tx.execute(delete(renditions).where(*same).returning(renditions.c.storage_key)).scalars())
    rows = [
        rendition.model_dump() | {"file_id": file_id, "owner_id": owner_id, "version": version, "made_by": made_by}
        for rendition in made
    ]
    if rows:
        tx.execute(insert(renditions), rows)
    return old


def rendition(tx: Tx, owner_id: str, file_id: str, name: str) -> RowMapping | None:
    """The newest rendition of this name."""
    query = select(renditions).where(
        renditions.c.file_id == file_id, renditions.c.owner_id == owner_id, renditions.c.name == name
    )
    return tx.execute(query.order_by(renditions.c.version.desc()).limit(1)).mappings().first()


# what the operator's tools see


def _picture(row: RowMapping) -> list[NamedBlob]:
    return [NamedBlob(row["file_id"], f"rendition {row['name']}", row["storage_key"], row["size"], row["sha256"])]


INVENTORY = Inventory(
    "processing",
    (
        KeptTable(known_files),
        KeptTable(renditions, blobs=_picture),
        job_tables.kept(jobs),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
    known_files,
    known_file,
)
