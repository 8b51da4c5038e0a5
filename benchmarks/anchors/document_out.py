"""What the anchors of G9 answer: the columns that the metadata service shows, as a pydantic response model."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class DocumentOut(BaseModel):
    """The answer."""

    model_config = ConfigDict(from_attributes=True)

    file_id: str
    owner_id: str
    filename: str
    size: int
    content_type: str
    sha256: str
    version: int
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    revision: int
    title: str | None
    description: str | None
    tags: list[str]
    custom: dict[str, Any]
    status: str
    status_reason: dict[str, Any] | None
    properties: dict[str, Any]
    text: dict[str, Any] | None
    renditions: list[dict[str, Any]]
    analysis: str
    analysis_reason: dict[str, Any] | None
    findings: list[dict[str, Any]]
