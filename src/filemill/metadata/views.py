"""Rows as the contract shows them."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlalchemy import RowMapping

from filemill.chassis.settings import ServiceSettings
from filemill.contracts.metadata import AuditEntry, Document, Hit, RenditionView, TimelineEntry
from filemill.contracts.processing import RenditionRef
from filemill.metadata import repository
from filemill.metadata.search.evidence import Found


def links_of(request: Request, settings: ServiceSettings, file_id: str) -> dict[str, str]:
    """Where to go from a file: by prefix behind the gateway, else by address."""
    prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
    own = f"{prefix}/files/{file_id}"
    upload = "/api/upload" if prefix else settings.base_url("upload")
    return {
        "self": own,
        "content": f"{upload}/files/{file_id}/content",
        "metadata": own,
        "text": f"{own}/text",
        "timeline": f"{own}/timeline",
        "audit": f"{own}/audit",
        "children": f"{prefix}/files?parent={file_id}",
    }


def document_view(row: RowMapping, links: dict[str, str]) -> Document:
    """Everything known of a file."""
    shown = {name: row[name] for name in repository.SHOWN}
    renditions = [
        RenditionView.of(RenditionRef.model_validate(one), f"{links['self']}/renditions/{one['name']}")
        for one in row["renditions"]
    ]
    return Document.model_validate({**shown, "links": links, "renditions": renditions, "summary": _summary(row)})


def document_of_upload(file: Mapping[str, Any], links: dict[str, str]) -> Document:
    """A file that upload knows and metadata does not yet: it exists, nothing more is known."""
    return Document.model_validate({**file, "links": links})


def hit_view(found: Found, links: dict[str, str]) -> Hit:
    """A search hit."""
    shown = {name: found.row[name] for name in Hit.model_fields if name in found.row}
    why: dict[str, Any] = {
        "score": found.score,
        "highlights": found.highlights,
        "matched_in": found.matched_in,
        "matched_at": found.matched_at,
    }
    why["summary"] = _summary(found.row)
    why["needs_password"] = _needs_password(found.row)
    return Hit.model_validate({**shown, **why, "links": links})


def audit_view(row: RowMapping) -> AuditEntry:
    """An audit entry."""
    return AuditEntry.model_validate(dict(row))


def timeline_view(row: RowMapping) -> TimelineEntry:
    """A timeline entry."""
    return TimelineEntry.model_validate(dict(row))


def _summary(row: RowMapping) -> str | None:
    found = next(
        (one for one in row["findings"] if one["capability"] == "description" and one["state"] == "done"), None
    )
    return str(found["result"]["text"]) if found else None


def _needs_password(row: RowMapping) -> bool:
    text, archive = row["text"] or {}, row["properties"].get("archive") or {}
    return text.get("state") == "needs-password" or archive.get("encrypted") is True
