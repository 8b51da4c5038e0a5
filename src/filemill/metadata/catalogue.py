"""What is known of each file: events fold into one document, the same whatever order they come in, however often.

Content moves by `version`, life by `change`, processing and analysis by `(run, attempt, rank)`: an older word never
overwrites a newer one. Each change that others copy is told in the same transaction as `file.updated`.
"""

from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.envelope import Event
from filemill.contracts.metadata import DocumentPatch, FileUpdated
from filemill.contracts.processing import FileFailed, FileProcessed, FileProgress
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileLifecycle, FileUploaded
from filemill.metadata import repository

STARTED, ENDED = 1, 2
"""Ranks within one try: its end is newer than its start, whichever arrives first."""


def uploaded(tx: Tx, event: Event, data: FileUploaded) -> None:
    """A new version: its facts, and nothing known of its content yet."""
    row = repository.ensure(tx, data.file_id, data.owner_id, data.created_at)
    if data.version < row["version"] or (row["known"] and data.version == row["version"]):
        return
    values: dict[str, Any] = {
        "known": True,
        "filename": data.filename,
        "size": data.size,
        "content_type": row["content_type"] if row["version"] == data.version else data.content_type,
        "sha256": data.sha256,
        "storage_key": data.storage_key,
        "external_id": data.external_id,
        "created_at": data.created_at,
        "updated_at": event.time,
    }
    if row["version"] == 0 and not row["known"]:
        values |= {"title": data.title, "tags": data.tags, "custom": data.metadata}
    if data.version > row["version"]:
        values |= _fresh(data.version)
    if row["version"] == data.version and row["properties"]:
        values.pop("content_type")  # processing's word came first, and it looked at the whole file
    _changed(tx, repository.change(tx, row["doc_id"], values))


def progressed(tx: Tx, event: Event, data: FileProgress) -> None:
    """Work on a file moved; the status follows where it is processing's."""
    row = _for_version(tx, event, data.file_id, data.owner_id, data.version)
    if row is None or data.service != "processing" or data.state not in ("started", "cancelled"):
        return
    rank = STARTED if data.state == "started" else ENDED
    if (data.run, data.attempt, rank) <= _work(row):
        return
    status = "processing" if data.state == "started" else "uploaded"
    values = {"status": status, "status_reason": None, **_work_values(data.run, data.attempt, rank)}
    _changed(tx, repository.change(tx, row["doc_id"], values | {"updated_at": event.time}))


def processed(tx: Tx, event: Event, data: FileProcessed) -> None:
    """Processing is done with a version: its properties, text and renditions."""
    row = _for_version(tx, event, data.file_id, data.owner_id, data.version)
    if row is None or (data.run, data.attempt, ENDED) <= _work(row):
        return
    values = {
        "status": "processed",
        "status_reason": None,
        "content_type": data.content_type,
        "properties": data.properties,
        "text": data.text.model_dump(),
        "renditions": [rendition.model_dump() for rendition in data.renditions],
        "processing_ms": data.duration_ms,
        "updated_at": event.time,
        **_work_values(data.run, data.attempt, ENDED),
    }
    _changed(tx, repository.change(tx, row["doc_id"], values))


def failed(tx: Tx, event: Event, data: FileFailed) -> None:
    """Processing gave up on a version, or refused it; the file itself stays."""
    row = _for_version(tx, event, data.file_id, data.owner_id, data.version)
    if row is None or (data.run, data.attempt, ENDED) <= _work(row):
        return
    values = {
        "status": "failed",
        "status_reason": data.reason.model_dump(),
        "processing_ms": data.duration_ms,
        "updated_at": event.time,
        **_work_values(data.run, data.attempt, ENDED),
    }
    if data.content_type:
        values["content_type"] = data.content_type
    _changed(tx, repository.change(tx, row["doc_id"], values))


def analyzed(tx: Tx, event: Event, data: FileAnalyzed) -> None:
    """The analysis of a version ended."""
    row = _for_version(tx, event, data.file_id, data.owner_id, data.version)
    if row is None or (data.run, data.attempt) <= (row["analysis_run"], row["analysis_attempt"]):
        return
    values: dict[str, Any] = {
        "analysis": data.analysis,
        "analysis_reason": data.reason.model_dump() if data.reason else None,
        "analysis_run": data.run,
        "analysis_attempt": data.attempt,
        "analysis_ms": data.duration_ms,
        "updated_at": event.time,
    }
    if data.findings:
        kept = {finding["capability"]: finding for finding in row["findings"]}
        kept |= {finding["capability"]: finding for finding in repository.findings_of(data)}
        values["findings"] = list(kept.values())
    _changed(tx, repository.change(tx, row["doc_id"], values))


def moved(tx: Tx, event: Event, data: FileLifecycle, *, deleted: bool) -> None:
    """A file went to the trash, came back, or is gone."""
    row = repository.ensure(tx, data.file_id, data.owner_id, event.time)
    if data.change <= row["change"]:
        return
    repository.change(tx, row["doc_id"], {"deleted": deleted, "change": data.change, "updated_at": event.time})


def patch(tx: Tx, row: RowMapping, asked: DocumentPatch) -> RowMapping:
    """Apply a merge patch of the owner (RFC 7396)."""
    values: dict[str, Any] = {}
    for name in asked.model_fields_set:
        value = getattr(asked, name)
        if name == "tags":
            values["tags"] = list(dict.fromkeys(value or []))
        elif name == "custom":
            merged = dict(row["custom"]) if value is not None else {}
            merged.update(value or {})
            values["custom"] = {key: kept for key, kept in merged.items() if kept is not None}
        else:
            values[name] = value
    changed = repository.change(tx, row["doc_id"], values | {"updated_at": now()})
    _changed(tx, changed)
    return changed


def _fresh(version: int) -> dict[str, Any]:
    return {
        "version": version,
        "status": "uploaded",
        "status_reason": None,
        "analysis": "pending",
        "analysis_reason": None,
        "properties": {},
        "text": None,
        "renditions": [],
        "findings": [],
        "work_run": 0,
        "work_attempt": 0,
        "work_rank": 0,
        "analysis_run": 0,
        "analysis_attempt": 0,
    }


def _for_version(tx: Tx, event: Event, file_id: str, owner_id: str, version: int) -> RowMapping | None:
    """The row, ready for facts about `version`; None if a newer version is there."""
    row = repository.ensure(tx, file_id, owner_id, event.time)
    if version < row["version"]:
        return None
    if version > row["version"]:
        return repository.change(tx, row["doc_id"], _fresh(version) | {"known": False})
    return row


def _work(row: RowMapping) -> tuple[int, int, int]:
    return row["work_run"], row["work_attempt"], row["work_rank"]


def _work_values(run: int, attempt: int, rank: int) -> dict[str, int]:
    return {"work_run": run, "work_attempt": attempt, "work_rank": rank}


def _changed(tx: Tx, row: RowMapping) -> None:
    """Tell those who keep copies."""
    names = ("file_id", "owner_id", "revision", "version", "status", "status_reason", "analysis", "analysis_reason")
    data = FileUpdated.model_validate({name: row[name] for name in (*names, "title", "tags", "updated_at")})
    outbox.append(tx, wire.make_event("metadata", Topic.UPDATED, row["file_id"], data))
