"""Rows as the contract shows them, with links that work from where the caller stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import RowMapping

from filemill.chassis.settings import ServiceSettings
from filemill.contracts.upload import File

FileRow = RowMapping | Mapping[str, Any]
"""A row of `files`, out of the database or about to go in."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where this service and metadata answer: by prefix behind the gateway, else by address."""

    upload: str
    metadata: str

    @classmethod
    def of(cls, request: Request, settings: ServiceSettings) -> "Links":
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
        if prefix:
            return cls(prefix, "/api/metadata")
        return cls("", settings.base_url("metadata"))

    def own(self, file_id: str) -> str:
        return f"{self.upload}/files/{file_id}"

    def all(self, file_id: str) -> dict[str, str]:
        mine, theirs = self.own(file_id), f"{self.metadata}/files/{file_id}"
        return {
            "self": mine,
            "content": f"{mine}/content",
            "metadata": theirs,
            "text": f"{theirs}/text",
            "timeline": f"{theirs}/timeline",
            "audit": f"{theirs}/audit",
        }


def file_view(row: FileRow, links: Links) -> File:
    """A row of `files` as a `File`."""
    shown = {name: row[name] for name in File.model_fields if name in row}
    return File.model_validate({**shown, "links": links.all(row["file_id"])})
