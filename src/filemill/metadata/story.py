"""A file's story: audit entries (who did what) and timeline entries (each hop, wait, try, step), made from events.

What they mean for a user is said by `why`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from filemill.chassis import erasure
from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.envelope import Event
from filemill.contracts.holds import FileHold
from filemill.contracts.jobs import FileProgress
from filemill.contracts.processing import FileFailed, FileProcessed, StepRecord
from filemill.contracts.retention import FileExpiring
from filemill.contracts.upload import FileAccessed, FileLifecycle, FileQuarantined, FileUploaded
from filemill.metadata import audit_repository, tallies, timeline_repository

_SHARED = {"share": "shared", "unshare": "took a share back", "share-open": "opened share"}
"""What is no opening, or has a name of its own."""


def audit(
    tx: Tx, event: Event, owner_id: str, action: str, actor: str | None, address: str | None, **more: Any
) -> None:
    """Append an audit entry for an event."""
    audit_repository.add(
        tx,
        {
            "file_id": event.subject,
            "owner_id": owner_id,
            "at": event.time,
            "actor": actor or "system",
            "action": action,
            "outcome": more.pop("outcome", "ok"),
            "detail": {key: value for key, value in more.items() if value is not None},
            "client_address": address,
            "request_id": event.requestid,
        },
    )


def uploaded(tx: Tx, event: Event, data: FileUploaded) -> None:
    """The file arrived."""
    audit(
        tx, event, data.owner_id, "uploaded", data.actor, data.client_address, version=data.version, sha256=data.sha256
    )
    _add(tx, event, "upload", "stored", "done", detail={"size": data.size, "version": data.version})
    _add(tx, event, "metadata", "catalogued", "done", at=now(), detail={"version": data.version})


def quarantined(tx: Tx, event: Event, data: FileQuarantined) -> None:
    """The file arrived, and is held back."""
    uploaded(tx, event, data)
    audit(tx, event, data.owner_id, "quarantined", None, None, version=data.version, reason=data.reason.code)
    _add(tx, event, "upload", "scan", "failed", reason=data.reason.model_dump(), detail={"version": data.version})


def progressed(tx: Tx, event: Event, data: FileProgress) -> None:
    """A job moved."""
    reason = data.reason.model_dump() if data.reason else None
    _add(
        tx, event, data.service, data.step, data.state,
        attempt=data.attempt, reason=reason, duration_ms=data.duration_ms, detail={"job_id": data.job_id},
    )  # fmt: skip


def processed(tx: Tx, event: Event, data: FileProcessed) -> None:
    """Every step of the plan, then the end."""
    _steps(tx, event, data.steps, data.attempt)
    tallies.steps(tx, event, data.owner_id, data.steps)
    detail = {"plan": data.plan, "text": data.text.state, "renditions": [one.name for one in data.renditions]}
    _add(tx, event, "processing", "plan", "done", attempt=data.attempt, duration_ms=data.duration_ms, detail=detail)


def failed(tx: Tx, event: Event, data: FileFailed) -> None:
    """The steps that ran, then the reason."""
    _steps(tx, event, data.steps, data.attempt)
    tallies.steps(tx, event, data.owner_id, data.steps)
    _add(
        tx, event, "processing", "plan", "failed",
        attempt=data.attempt, duration_ms=data.duration_ms, reason=data.reason.model_dump(),
    )  # fmt: skip


def analyzed(tx: Tx, event: Event, data: FileAnalyzed) -> None:
    """Every capability with its model, then the end."""
    for finding in data.findings:
        detail = {"model": finding.model, "model_version": finding.model_version, "confidence": finding.confidence}
        reason = finding.reason.model_dump() if finding.reason else None
        _add(
            tx, event, "ai", finding.capability, finding.state,
            attempt=data.attempt, duration_ms=finding.duration_ms, reason=reason,
            detail={key: value for key, value in detail.items() if value is not None} | _reused(finding.reused),
        )  # fmt: skip
    tallies.models(tx, event, data.owner_id, data)
    reason = data.reason.model_dump() if data.reason else None
    _add(tx, event, "ai", "analysis", data.analysis, attempt=data.attempt, duration_ms=data.duration_ms, reason=reason)


def moved(tx: Tx, event: Event, data: FileLifecycle, action: str) -> None:
    """Deleted, restored, purged."""
    rule = data.rule.model_dump() if data.rule else None
    audit(tx, event, data.owner_id, action, data.actor, data.client_address, rule=rule)
    _add(tx, event, "upload", action, "done")


def expiring(tx: Tx, event: Event, data: FileExpiring) -> None:
    """A rule says its time is over, and upload is asked to delete it."""
    audit(tx, event, data.owner_id, "expiring", None, None, rule=data.rule.model_dump())
    _add(tx, event, "metadata", "retention", "asked", detail={"rule": data.rule.name})


def held(tx: Tx, event: Event, data: FileHold) -> None:
    """A legal hold was placed or released, or somebody could not delete the file for it."""
    reason = {"code": "locked", "detail": data.hold.reason, "retryable": False}
    if data.state == "refused":
        audit(
            tx, event, data.owner_id, data.asked or "deleted", data.actor, data.client_address,
            outcome="refused", reason="locked", hold=data.hold.reason, rule=data.rule.model_dump() if data.rule else None,
        )  # fmt: skip
    else:
        audit(
            tx, event, data.owner_id, f"hold {data.state}", data.actor, data.client_address,
            hold=data.hold.reason, placed_by=data.hold.placed_by,
        )  # fmt: skip
    _add(tx, event, "upload", "hold", data.state, reason=reason)


def accessed_here(tx: Tx, events: Sequence[Event]) -> None:
    """As `accessed`, of what this service served itself."""
    for event in events:
        if not erasure.is_purged(tx, event.subject):
            accessed(tx, event, FileAccessed.model_validate(event.data))


def accessed(tx: Tx, event: Event, data: FileAccessed) -> None:
    """Somebody opened it, or was refused."""
    more = {"share_id": data.share_id} if data.share_id else {}
    audit(
        tx, event, data.owner_id, _SHARED.get(data.action, f"opened {data.action}"), data.actor, data.client_address,
        outcome=data.outcome, reason=data.reason, version=data.version, **more,
    )  # fmt: skip


def _steps(tx: Tx, event: Event, steps: list[StepRecord], attempt: int) -> None:
    """One entry per step, at the time it ended, counted back from the event; what was used again took its time before."""
    rest_ms = sum(_took_ms(step) for step in steps)
    for step in steps:
        rest_ms -= _took_ms(step)
        reason = {"code": step.code, "detail": step.detail or "", "retryable": False} if step.code else None
        at = event.time - timedelta(milliseconds=rest_ms)
        _add(
            tx, event, "processing", step.name, step.state,
            at=at, attempt=attempt, duration_ms=step.duration_ms, reason=reason,
            detail={"version": step.version} | _reused(step.reused),
        )  # fmt: skip


def _reused(reused: bool) -> dict[str, Any]:
    """Said only where it is so: then the duration is that of the time before."""
    return {"reused": True} if reused else {}


def _took_ms(step: StepRecord) -> float:
    return 0.0 if step.reused else step.duration_ms


def _add(tx: Tx, event: Event, service: str, step: str, state: str, **more: Any) -> None:
    row = {
        "file_id": event.subject,
        "at": more.get("at", event.time),
        "service": service,
        "step": step,
        "state": state,
        "attempt": more.get("attempt"),
        "duration_ms": more.get("duration_ms"),
        "reason": more.get("reason"),
        "detail": more.get("detail", {}),
        "request_id": event.requestid,
        "trace_id": event.traceparent[3:35] if event.traceparent else None,
    }
    timeline_repository.add_timeline(tx, [row])
