"""Rows as the contract shows them, with links that work from where the caller stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import RowMapping

from filemill.chassis.settings import ServiceSettings
from filemill.contracts.upload import Confirmation, File, FileVersion, Purge

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
            "versions": f"{mine}/versions",
            "metadata": theirs,
            "text": f"{theirs}/text",
            "timeline": f"{theirs}/timeline",
            "audit": f"{theirs}/audit",
        }


def version_view(row: FileRow, links: Links) -> FileVersion:
    """A row of `versions` as a `FileVersion`."""
    content = f"{links.own(row['file_id'])}/content?version={row['version']}"
    shown = {name: row[name] for name in FileVersion.model_fields if name in row}
    return FileVersion.model_validate({**shown, "links": {"content": content}})


def purge_view(row: FileRow, said: Sequence[FileRow], services: Sequence[str]) -> Purge:
    """A row of `purges` with what the services said."""
    confirmed = {one["service"]: one for one in said}
    shown = {name: row[name] for name in Purge.model_fields if name in row}
    states = {
        service: Confirmation(
            state="confirmed", removed=confirmed[service]["removed"], confirmed_at=confirmed[service]["confirmed_at"]
        )
        if service in confirmed
        else Confirmation(state="pending")
        for service in services
    }
    return Purge.model_validate({**shown, "services": states})


def file_view(row: FileRow, links: Links) -> File:
    """A row of `files` as a `File`."""
    shown = {name: row[name] for name in File.model_fields if name in row}
    return File.model_validate({**shown, "links": links.all(row["file_id"])})
