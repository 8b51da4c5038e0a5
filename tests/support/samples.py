"""Events as the services publish them, for tests that need one: every field filled, every value invented."""

from datetime import UTC, datetime, timedelta
from typing import Any

from filemill.chassis.ids import new_id
from filemill.contracts.ai import FileAnalyzed, Finding
from filemill.contracts.envelope import Event
from filemill.contracts.holds import FileHold, LegalHold
from filemill.contracts.jobs import FileProgress
from filemill.contracts.metadata import FileUpdated
from filemill.contracts.model import Contract
from filemill.contracts.processing import FileFailed, FileProcessed, RenditionRef, StepRecord, TextRef
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileAccessed, FileLifecycle, FileQuarantined, FileStored, FileUploaded, Reason

START = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
OWNER = "local"
SHA256 = "ab" * 32
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BLOB = "blobs/4d/019c2d6e-0000-7000-8000-00000000004d"
REASON = Reason(code="parser-crashed", detail="The parser crashed.", retryable=True, command="filemill parked retry")


def event(topic: Topic, data: Contract, after_s: float = 0.0, source: str = "upload") -> Event:
    """An event about the file that `data` names."""
    body: dict[str, Any] = data.model_dump(mode="json", exclude_none=True)
    return Event(
        id=new_id(),
        source=f"/filemill/{source}",
        type=topic.value,
        subject=body["file_id"],
        time=START + timedelta(seconds=after_s),
        data=body,
        traceparent=TRACEPARENT,
        requestid="request-1",
    )


def uploaded(file_id: str, **more: Any) -> FileUploaded:
    """A file arrived."""
    values: dict[str, Any] = {
        "file_id": file_id, "filename": "invoice.pdf", "owner_id": OWNER, "version": 1, "size": 4711,
        "content_type": "application/pdf", "sha256": SHA256, "storage_key": BLOB, "created_at": START,
        "title": "An invoice", "tags": ["money", "2026"], "metadata": {"cost_centre": 7}, "external_id": "ext-1",
        "actor": OWNER, "client_address": "127.0.0.1",
        "warnings": [{"code": "name-mismatch", "detail": "The name says image/png."}],
    }  # fmt: skip
    return FileUploaded.model_validate(values | more)


def quarantined(file_id: str, **more: Any) -> FileQuarantined:
    """A file arrived that the scanner found something in."""
    reason = Reason(code="infected", detail="The scanner found Test.Eicar.")
    return FileQuarantined.model_validate(uploaded(file_id).model_dump() | {"reason": reason} | more)


def hold(file_id: str, **more: Any) -> FileHold:
    """A legal hold was placed."""
    held = LegalHold(reason="The case of Oslo", placed_by=OWNER, placed_at=START)
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "version": 1, "state": "placed", "change": 1, "hold": held,
        "actor": OWNER, "client_address": "127.0.0.1",
    }  # fmt: skip
    return FileHold.model_validate(values | more)


def stored(file_id: str, **more: Any) -> FileStored:
    """A content was compressed."""
    values = {"file_id": file_id, "owner_id": OWNER, "version": 1, "stored_size": 1204, "forms": 1}
    return FileStored.model_validate(values | more)


def progress(file_id: str, **more: Any) -> FileProgress:
    """A try of processing started."""
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "version": 1, "run": 1, "service": "processing", "step": "try",
        "attempt": 1, "state": "started", "job_id": new_id(), "started_at": START, "duration_ms": 1.5,
    }  # fmt: skip
    return FileProgress.model_validate(values | more)


def processed(file_id: str, **more: Any) -> FileProcessed:
    """Processing is done."""
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "version": 1, "run": 1, "job_id": new_id(), "attempt": 1,
        "content_type": "application/pdf", "plan": "pdf", "properties": {"pages": 2}, "started_at": START,
        "text": TextRef(state="found", storage_key=BLOB, characters=1200, pages=2), "duration_ms": 120.5,
        "renditions": [RenditionRef(name="thumbnail", content_type="image/webp", size=900, storage_key=BLOB, width=256,
                                    height=181)],
        "steps": [StepRecord(name="identify", version=1, state="done", duration_ms=1.0),
                  StepRecord(name="pdf", version=2, state="rejected", code="x", detail="why", duration_ms=9.0)],
    }  # fmt: skip
    return FileProcessed.model_validate(values | more)


def failed(file_id: str, **more: Any) -> FileFailed:
    """Processing gave up."""
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "version": 1, "run": 1, "job_id": new_id(), "attempt": 1,
        "reason": REASON, "content_type": "application/pdf", "started_at": START, "duration_ms": 7.0,
        "steps": [StepRecord(name="identify", version=1, state="done", duration_ms=1.0)],
    }  # fmt: skip
    return FileFailed.model_validate(values | more)


def finding(capability: str, result: Any, **more: Any) -> Finding:
    """Something a capability found."""
    values: dict[str, Any] = {
        "capability": capability, "state": "done", "result": result, "model": "rules", "model_version": "1",
        "model_digest": "d1", "quality": "basic", "confidence": 0.9, "evidence": [{"page": 1, "span": [0, 4]}],
        "looked_at_characters": 10, "of_characters": 10, "duration_ms": 2.0,
    }  # fmt: skip
    return Finding.model_validate(values | more)


def analyzed(file_id: str, **more: Any) -> FileAnalyzed:
    """The analysis ended."""
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "version": 1, "run": 1, "job_id": new_id(), "attempt": 1,
        "analysis": "done", "summary": {"language": "en"}, "findings": [finding("language", {"language": "en"})],
        "started_at": START, "duration_ms": 30.0,
    }  # fmt: skip
    return FileAnalyzed.model_validate(values | more)


def updated(file_id: str, **more: Any) -> FileUpdated:
    """Metadata's word on a file."""
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "revision": 3, "version": 1, "status": "failed", "status_reason": REASON,
        "analysis": "unavailable", "analysis_reason": REASON, "title": "An invoice", "tags": ["money"],
        "updated_at": START,
    }  # fmt: skip
    return FileUpdated.model_validate(values | more)


def lifecycle(file_id: str, **more: Any) -> FileLifecycle:
    """Deleted, restored or purged."""
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "version": 1, "change": 1, "actor": OWNER, "client_address": "127.0.0.1",
    }  # fmt: skip
    return FileLifecycle.model_validate(values | more)


def accessed(file_id: str, **more: Any) -> FileAccessed:
    """Somebody opened it."""
    values: dict[str, Any] = {
        "file_id": file_id, "owner_id": OWNER, "actor": OWNER, "action": "content", "outcome": "refused",
        "reason": "expired", "client_address": "127.0.0.1", "version": 1,
    }  # fmt: skip
    return FileAccessed.model_validate(values | more)
