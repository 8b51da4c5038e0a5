"""Reads and writes of the ai service's rows. Takes the transaction, owns none."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, insert, select, update
from sqlalchemy import delete as delete_rows

from filemill.ai.tables import inbox, jobs, known_files, outbox, purged_files, results
from filemill.chassis import erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory, KeptTable
from filemill.chassis.database.known_files import KnownFiles, known_file
from filemill.chassis.jobs import table as job_tables
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.contracts.ai import Finding

job_queue = JobQueue(jobs)
known = KnownFiles(known_files)

NEW_VERSION: dict[str, Any] = {
    "processed_run": 0, "properties": None, "text_key": None, "preview_key": None, "processing_failed": None, "ended": False,
}  # fmt: skip


def processed(tx: Tx, file_id: str, version: int, run: int, values: dict[str, Any]) -> bool:
    """What processing said of a version; False if that is old news."""
    newer = and_(known_files.c.file_id == file_id, known_files.c.version == version, known_files.c.processed_run < run)
    return tx.execute(update(known_files).where(newer).values(processed_run=run, **values)).rowcount == 1


def overdue(tx: Tx, before: datetime, among: list[str] | None = None, most: int = 100) -> list[RowMapping]:
    """Files uploaded before a moment whose analysis has not ended; only of these where `among` names some."""
    query = select(known_files).where(
        known_files.c.ended.is_(False), known_files.c.deleted.is_(False), known_files.c.uploaded_at < before
    )
    if among is not None:
        query = query.where(known_files.c.file_id.in_(among))
    return list(tx.execute(query.limit(most)).mappings())


def keep(
    tx: Tx, file_id: str, owner_id: str, version: int, findings: list[Finding], options: str, at: datetime
) -> None:
    """Replace what is known of these capabilities."""
    for finding in findings:
        same = (results.c.file_id == file_id, results.c.version == version, results.c.capability == finding.capability)
        tx.execute(delete_rows(results).where(*same))
        row = {
            "file_id": file_id,
            "version": version,
            "capability": finding.capability,
            "owner_id": owner_id,
            "finding": finding.model_dump(mode="json", exclude_none=True),
            "options": options,
            "found_at": at,
        }
        tx.execute(insert(results), row)


def findings(tx: Tx, owner_id: str, file_id: str, version: int) -> list[RowMapping]:
    """What is known of a version, by capability."""
    query = select(results).where(
        results.c.file_id == file_id, results.c.owner_id == owner_id, results.c.version == version
    )
    return list(tx.execute(query.order_by(results.c.capability)).mappings())


# What the operator's tools see. Keys of text and preview are copies of what processing said; it names those blobs.
INVENTORY = Inventory(
    "ai",
    (
        # Jobs first: a purge that waits here for a job's last write then sees what that wrote.
        job_tables.kept(jobs),
        KeptTable(known_files),
        KeptTable(results),
        erasure.kept(purged_files),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
    known_files,
    known_file,
)
