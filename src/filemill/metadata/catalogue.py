"""What is known of each file: events fold into one document, the same whatever order they come in, however often.

Content moves by `version`, life by `change`, processing and analysis by `(run, attempt, rank)`: an older word never
overwrites a newer one. Each change that others copy is told in the same transaction as `file.updated`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.envelope import Event
from filemill.contracts.holds import FileHold
from filemill.contracts.jobs import FileProgress
from filemill.contracts.metadata import DocumentPatch, FileUpdated
from filemill.contracts.processing import FileFailed, FileProcessed
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileLifecycle, FileQuarantined, FileStored, FileUploaded
from filemill.metadata import keys, repository, tallies
from filemill.metadata.findings import merged_findings
from filemill.metadata.keys import EPOCH

STARTED, ENDED = 1, 2
"""Ranks within one try: its end is newer than its start, whichever arrives first."""


def uploaded(tx: Tx, event: Event, data: FileUploaded) -> None:
    """A version: its facts; the first one brings the owner's words too."""
    _arrived(tx, event, data, {})


def quarantined(tx: Tx, event: Event, data: FileQuarantined) -> None:
    """A version that is never served: nobody works on it, so its states end here."""
    reason = data.reason.model_dump()
    ended = {"status": "quarantined", "status_reason": reason, "analysis": "unavailable", "analysis_reason": reason}
    _arrived(tx, event, data, ended)


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
    _changed(tx, _change(tx, row, event, values))


def processed(tx: Tx, event: Event, data: FileProcessed) -> None:
    """Processing is done with a version: its properties, text and renditions."""
    row = _for_version(tx, event, data.file_id, data.owner_id, data.version)
    if row is None:
        return
    values = _typed_values(row, data, data.content_type)
    if (data.run, data.attempt) > (row["result_run"], row["result_attempt"]):
        values |= {
            "properties": data.properties,
            "text": data.text.model_dump(),
            "renditions": [rendition.model_dump() for rendition in data.renditions],
            "result_run": data.run,
            "result_attempt": data.attempt,
        }
    if (data.run, data.attempt, ENDED) > _work(row):
        values |= {"status": "processed", "status_reason": None, **_work_values(data.run, data.attempt, ENDED)}
    if values:
        _changed(tx, _change(tx, row, event, values))


def failed(tx: Tx, event: Event, data: FileFailed) -> None:
    """Processing gave up on a version, or refused it; the file itself stays, and so do an older run's results."""
    row = _for_version(tx, event, data.file_id, data.owner_id, data.version)
    if row is None:
        return
    values = _typed_values(row, data, data.content_type)
    if (data.run, data.attempt, ENDED) > _work(row):
        values |= {"status": "failed", "status_reason": data.reason.model_dump()}
        values |= _work_values(data.run, data.attempt, ENDED)
    if values:
        _changed(tx, _change(tx, row, event, values))


def analyzed(tx: Tx, event: Event, data: FileAnalyzed) -> None:
    """The analysis of a version ended. Findings are kept by capability, each from the newest run that has it."""
    row = _for_version(tx, event, data.file_id, data.owner_id, data.version)
    if row is None:
        return
    values: dict[str, Any] = {}
    findings = merged_findings(row["findings"], data)
    if findings != row["findings"]:
        values["findings"] = findings
        values["vectors_wanted"] = _vectors_wanted(row["version"], findings)
    if (data.run, data.attempt) > (row["analysis_run"], row["analysis_attempt"]):
        values |= {
            "analysis": data.analysis,
            "analysis_reason": data.reason.model_dump() if data.reason else None,
            "analysis_run": data.run,
            "analysis_attempt": data.attempt,
            "analysis_ms": data.duration_ms,
        }
    if values:
        _changed(tx, _change(tx, row, event, values))


def moved(tx: Tx, event: Event, data: FileLifecycle, *, deleted: bool) -> None:
    """A file went to the trash, came back, or is gone."""
    row = repository.ensure(tx, data.file_id, data.owner_id, event.time)
    if data.change <= row["change"]:
        return
    restored_at = None if deleted else event.time
    _change(tx, row, event, {"deleted": deleted, "change": data.change, "restored_at": restored_at})


def stored(tx: Tx, event: Event, data: FileStored) -> None:
    """The store holds another number of bytes for a version. It says nothing else of the file, known or not."""
    row = repository.ensure(tx, data.file_id, data.owner_id, event.time, updated_at=EPOCH)
    if (data.version, data.forms) > (row["stored_version"], row["stored_forms"]):
        newest = {"stored_version": data.version, "stored_forms": data.forms, "stored_size": data.stored_size}
        tallies.changed(tx, row, repository.note(tx, row["doc_id"], newest))


def held(tx: Tx, event: Event, data: FileHold) -> None:
    """A legal hold was placed or released; that something was refused for it changes nothing."""
    if data.state == "refused":
        return
    row = repository.ensure(tx, data.file_id, data.owner_id, event.time)
    if data.change <= row["hold_change"]:
        return
    placed = data.hold.model_dump(mode="json") if data.state == "placed" else None
    _change(tx, row, event, {"hold": placed, "hold_change": data.change})


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
    changed = _write(tx, row, values | {"updated_at": now()})
    _changed(tx, changed)
    return changed


def tell_again(tx: Tx, revisions: Mapping[str, int]) -> None:
    """Tell those who keep copies of these files, with a revision above the one they have heard of."""
    for file_id, heard in revisions.items():
        row = repository.raise_revision(tx, file_id, heard)
        if row is not None:
            _changed(tx, row)


def _arrived(tx: Tx, event: Event, data: FileUploaded, ended: dict[str, Any]) -> None:
    row = repository.ensure(tx, data.file_id, data.owner_id, data.created_at)
    values: dict[str, Any] = {}
    if data.version == 1 and not row["introduced"]:
        values |= {"introduced": True, "title": data.title, "tags": data.tags, "custom": data.metadata}
        values |= {"external_id": data.external_id}
        values |= {"parent_id": data.parent_id, "parent_path": data.parent_path}
    if data.version > row["version"]:
        values |= _fresh(data.version)
    if data.version > row["version"] or (data.version == row["version"] and not row["known"]):
        values |= {name: getattr(data, name) for name in ("filename", "size", "sha256", "storage_key")}
        values |= {"known": True, "name_key": keys.name_key(data.filename)}
        values["warnings"] = [warning.model_dump() for warning in data.warnings]
        if data.version > row["version"] or not row["typed_run"]:
            values["content_type"] = data.content_type  # else processing's word came first: it saw the whole file
        values |= ended
    if values:
        values["created_at"] = min(row["created_at"], data.created_at)
        _changed(tx, _change(tx, row, event, values))


def _vectors_wanted(version: int, findings: list[dict[str, Any]]) -> str | None:
    """Which vectors ai has of the text: said anew by each run that made some."""
    for finding in findings:
        if finding["capability"] == "embeddings" and finding["state"] == "done":
            run, attempt, _ = finding.get("said_by") or (0, 0, 0)
            return f"{version}.{run}.{attempt}:{finding.get('model_digest') or ''}"[:120]
    return None


def _fresh(version: int) -> dict[str, Any]:
    return {
        "version": version,
        "status": "uploaded",
        "status_reason": None,
        "analysis": "pending",
        "analysis_reason": None,
        "properties": {},
        "warnings": [],
        "text": None,
        "renditions": [],
        "findings": [],
        "work_run": 0,
        "work_attempt": 0,
        "work_rank": 0,
        "typed_run": 0,
        "typed_attempt": 0,
        "processing_ms": None,
        "result_run": 0,
        "result_attempt": 0,
        "analysis_run": 0,
        "analysis_attempt": 0,
        "analysis_ms": None,
        "vectors_wanted": None,
    }


def _change(tx: Tx, row: RowMapping, event: Event, values: dict[str, Any]) -> RowMapping:
    """Write what an event changed. The document is as old as the newest of its events, whichever came last."""
    return _write(tx, row, values | {"updated_at": max(row["updated_at"], event.time)})


def _write(tx: Tx, row: RowMapping, values: dict[str, Any]) -> RowMapping:
    written = repository.change(tx, row["doc_id"], values)
    tallies.changed(tx, row, written)
    return written


def _typed_values(row: RowMapping, data: FileProcessed | FileFailed, content_type: str | None) -> dict[str, Any]:
    """Type and duration, if this run saw the type and no newer one did."""
    if not content_type or (data.run, data.attempt) <= (row["typed_run"], row["typed_attempt"]):
        return {}
    return {
        "content_type": content_type,
        "processing_ms": data.duration_ms,
        "typed_run": data.run,
        "typed_attempt": data.attempt,
    }


def _for_version(tx: Tx, event: Event, file_id: str, owner_id: str, version: int) -> RowMapping | None:
    """The row, ready for facts about `version`; None if a newer version is there."""
    row = repository.ensure(tx, file_id, owner_id, event.time)
    if version < row["version"]:
        return None
    if version > row["version"]:
        return _write(tx, row, _fresh(version) | {"known": False})
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
