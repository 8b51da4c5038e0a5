"""Reads and writes of the ai service's rows. Takes the transaction, owns none."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, and_, false, insert, or_, select, update
from sqlalchemy import delete as delete_rows

from filemill.ai.tables import (
    earlier_results,
    embeddings,
    inbox,
    jobs,
    known_files,
    model_states,
    outbox,
    owner_erasures,
    purged_files,
    results,
)
from filemill.chassis import erasure, owner_erasure
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory, KeptTable
from filemill.chassis.database.known_files import KnownFiles, known_file
from filemill.chassis.jobs import table as job_tables
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.contracts.ai import Finding


@dataclass(frozen=True, slots=True)
class Vector:
    """A chunk of a text, characters `first` to `behind` of a page, and its vector (float32, little-endian)."""

    chunk: int
    page: int
    first: int
    behind: int
    vector: bytes


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


_ALIKE = ("sha256", "owner_id", "filename", "content_type")
_ALIKE_IF_ANY = ("text_key", "preview_key")
ALIKE_MOST = 200
"""Findings: those of some ten files with all their capabilities."""
EARLIER_MOST = 5
"""Earlier findings of one capability about one version of a file."""


def keep(
    tx: Tx, file_id: str, owner_id: str, version: int, findings: list[Finding], options: str, at: datetime
) -> None:
    """Replace what is known of these capabilities; what another model, or other options, said stays as an earlier finding."""
    for finding in findings:
        gone = delete_rows(results).where(*_about(results, file_id, version, finding.capability)).returning(results)
        before = tx.execute(gone).mappings().first()
        common = {"file_id": file_id, "version": version, "capability": finding.capability, "owner_id": owner_id}
        shown = finding.model_dump(mode="json", exclude_none=True)
        tx.execute(insert(results), {**common, "finding": shown, "options": options, "found_at": at})
        if before is not None:
            _keep_earlier(tx, before, _source(shown, options))


def _keep_earlier(tx: Tx, before: RowMapping, now_by: str) -> None:
    by = _source(before["finding"], before["options"])
    about = _about(earlier_results, before["file_id"], before["version"], before["capability"])
    tx.execute(delete_rows(earlier_results).where(*about, earlier_results.c.source.in_((by, now_by))))
    if by == now_by:
        return
    names = ("file_id", "version", "capability", "owner_id", "finding", "found_at")
    tx.execute(insert(earlier_results), {"source": by, **{name: before[name] for name in names}})
    newest = select(earlier_results.c.source).where(*about).order_by(earlier_results.c.found_at.desc())
    sources = list(tx.execute(newest).scalars())
    if sources[EARLIER_MOST:]:
        tx.execute(delete_rows(earlier_results).where(*about, earlier_results.c.source.in_(sources[EARLIER_MOST:])))


def _source(finding: dict[str, Any], options: str) -> str:
    parts = (finding.get("model") or "", finding.get("model_version") or "", finding.get("model_digest") or "", options)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _about(table: Table, file_id: str, version: int, capability: str) -> tuple[Any, ...]:
    return table.c.file_id == file_id, table.c.version == version, table.c.capability == capability


def earlier(tx: Tx, owner_id: str, file_id: str, version: int) -> list[RowMapping]:
    """What was said of a version before, by capability, newest first."""
    table = earlier_results
    query = select(table).where(table.c.file_id == file_id, table.c.owner_id == owner_id, table.c.version == version)
    return list(tx.execute(query.order_by(table.c.capability, table.c.found_at.desc())).mappings())


def analysed_page(tx: Tx, owner_id: str, most: int, after: str | None) -> list[dict[str, Any]]:
    """The next living, processed files of an owner by id: `file_id`, `content_type`, `findings` (JSON by capability)."""
    living = and_(known_files.c.owner_id == owner_id, known_files.c.deleted.is_(False), known_files.c.processed_run > 0)
    query = select(known_files.c.file_id, known_files.c.content_type)
    query = query.where(living if after is None else and_(living, known_files.c.file_id > after))
    rows = tx.execute(query.order_by(known_files.c.file_id).limit(most)).mappings()
    page: dict[str, dict[str, Any]] = {row["file_id"]: {**row, "findings": {}} for row in rows}
    of_version = and_(known_files.c.file_id == results.c.file_id, known_files.c.version == results.c.version)
    known_now = select(results.c.file_id, results.c.capability, results.c.finding).join(known_files, of_version)
    for row in tx.execute(known_now.where(results.c.file_id.in_(list(page)))).mappings():
        page[row["file_id"]]["findings"][row["capability"]] = row["finding"]
    return list(page.values())


def found_alike(tx: Tx, file: RowMapping, options: str) -> list[dict[str, Any]]:
    """What is known of files of its owner with equal bytes, name and results of processing, the file itself among them.

    Equal bytes share the blobs of their text and preview (docs/decisions/0024), so equal keys are equal words and pictures.
    """
    # `=` where it can be: PostgreSQL uses no index for the other, and would go through every result of the owner.
    same = [known_files.c[name] == file[name] for name in _ALIKE]
    same += [known_files.c[name].is_not_distinct_from(file[name]) for name in _ALIKE_IF_ANY]
    query = select(results.c.finding, known_files.c.properties).join(
        known_files, and_(known_files.c.file_id == results.c.file_id, known_files.c.version == results.c.version)
    )
    living = (known_files.c.deleted.is_(False), results.c.options == options)
    rows = tx.execute(query.where(*same, *living).order_by(results.c.found_at).limit(ALIKE_MOST)).mappings()
    return [row["finding"] for row in rows if row["properties"] == file["properties"]]


def vectors_alike(tx: Tx, file: RowMapping, digest: str) -> tuple[dict[str, Any], list[Vector]] | None:
    """The whole vectors that a model made of an equal text of the same owner, and their finding; None if there are none.

    Equal bytes share the blob of their text (docs/decisions/0024), and with it its chunks.
    """
    if not file["text_key"]:
        return None
    same = (known_files.c[name] == file[name] for name in ("owner_id", "sha256", "text_key"))
    beside = and_(known_files.c.file_id == results.c.file_id, known_files.c.version == results.c.version)
    query = select(results.c.file_id, results.c.version, results.c.finding).join(known_files, beside)
    query = query.where(*same, known_files.c.deleted.is_(False), results.c.capability == "embeddings")
    for row in tx.execute(query.order_by(results.c.found_at.desc()).limit(ALIKE_MOST)).mappings():
        finding = row["finding"]
        if finding.get("model_digest") != digest or finding.get("state") != "done" or finding.get("reason"):
            continue  # another model's, or cut short: there may be time for more now
        of_version = (embeddings.c.file_id == row["file_id"], embeddings.c.version == row["version"])
        rows = tx.execute(select(embeddings).where(*of_version).order_by(embeddings.c.chunk)).mappings()
        names = ("chunk", "page", "first", "behind", "vector")
        return finding, [Vector(**{name: one[name] for name in names}) for one in rows]
    return None


def keep_vectors(tx: Tx, file_id: str, owner_id: str, version: int, vectors: Sequence[Vector]) -> None:
    """Replace the vectors of a version: those of two models are never beside each other."""
    tx.execute(delete_rows(embeddings).where(embeddings.c.file_id == file_id, embeddings.c.version == version))
    whose = {"file_id": file_id, "owner_id": owner_id, "version": version}
    if vectors:
        tx.execute(insert(embeddings), [{**whose, **asdict(one)} for one in vectors])


def vectors_page(tx: Tx, owner_id: str, file_id: str, version: int, after: int, most: int) -> list[RowMapping]:
    """The next vectors of a version in reading order, those behind chunk `after`."""
    of_version = (embeddings.c.file_id == file_id, embeddings.c.owner_id == owner_id, embeddings.c.version == version)
    query = select(embeddings).where(*of_version, embeddings.c.chunk > after).order_by(embeddings.c.chunk).limit(most)
    return list(tx.execute(query).mappings())


def tell_models(tx: Tx, holder: str, states: Mapping[str, tuple[str, str | None]], for_s: float) -> None:
    """What a worker says of its models (state and reason by id), for so long; what it said before is gone."""
    now_s = unix_s()
    over = or_(model_states.c.holder == holder, model_states.c.until < now_s)
    tx.execute(delete_rows(model_states).where(over))
    rows = [
        {"holder": holder, "model_id": model_id, "state": state, "reason": reason, "until": now_s + for_s}
        for model_id, (state, reason) in states.items()
    ]
    if rows:
        tx.execute(insert(model_states), rows)


def models_told(tx: Tx) -> dict[str, tuple[str, str | None]]:
    """What the workers say of their models, by id: `failed` if any does, else `loaded`."""
    query = select(model_states).where(model_states.c.until > unix_s()).order_by(model_states.c.state.desc())
    return {row["model_id"]: (row["state"], row["reason"]) for row in tx.execute(query).mappings()}


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
        KeptTable(known_files, owner="with files"),
        KeptTable(results, owner="with files"),
        KeptTable(earlier_results, owner="with files"),
        KeptTable(embeddings, owner="with files"),
        KeptTable(
            model_states,
            worth=false(),
            counted=False,
            survives="about models, which know no file; for a minute and a half",
        ),
        erasure.kept(purged_files),
        owner_erasure.kept(owner_erasures),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
    known_files,
    known_file,
)
