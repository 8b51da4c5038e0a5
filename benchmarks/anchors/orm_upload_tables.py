"""The tables of the upload service as ORM classes, the columns that an upload writes; for the anchor of G6."""

import hashlib
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Float, Integer, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Declarative base."""


class File(Base):
    """A file."""

    __tablename__ = "files"

    file_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(100), unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    external_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    change: Mapped[int] = mapped_column(Integer, default=0)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revision: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(20), default="uploaded")
    status_reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    analysis: Mapped[str] = mapped_column(String(20), default="pending")
    analysis_reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    title: Mapped[str | None] = mapped_column(String(500))
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)


class OutboxEvent(Base):
    """An event that is to be told."""

    __tablename__ = "outbox"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(String(36), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    claimed_until: Mapped[float] = mapped_column(Float, default=0.0)
    sent_at: Mapped[float | None] = mapped_column(Float)


def new_rows(filename: str, content_type: str, size: int, sha256: str) -> tuple[File, OutboxEvent]:
    """What one upload adds."""
    file_id, at = str(uuid.uuid4()), datetime.now(UTC)
    file = File(
        file_id=file_id,
        owner_id="local",
        filename=filename,
        size=size,
        content_type=content_type,
        sha256=sha256,
        storage_key=f"blobs/{file_id}",
        created_at=at,
        updated_at=at,
    )
    event_id = str(uuid.uuid4())
    told = {
        "specversion": "1.0", "id": event_id, "source": "/upload", "type": "file.uploaded", "subject": file_id,
        "time": at.isoformat(),
        "data": {"file_id": file_id, "filename": filename, "owner_id": "local", "version": 1, "size": size,
                 "content_type": content_type, "sha256": sha256, "storage_key": file.storage_key},
    }  # fmt: skip
    return file, OutboxEvent(event_id=event_id, body=json.dumps(told).encode())


def digest_of(body: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(body).hexdigest()
