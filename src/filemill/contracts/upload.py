"""What the upload service says: the file it accepted, its events, its HTTP bodies."""

from typing import Annotated, Any, Literal

from pydantic import Field

from filemill.contracts.holds import LegalHold, RuleRef
from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time

Status = Literal["queued", "scanning", "uploaded", "processing", "processed", "failed", "quarantined"]
ZIP_FILES_MOST = 1000
DEPTH_MOST = 3
"""Files out of files out of files: what has so many ancestors gets no children."""
PARENT_PATH_MOST_CHARACTERS = 500
Analysis = Literal["pending", "done", "unavailable", "failed"]


class Reason(Contract):
    """Why something is in its state, in words; whether trying again can help; the command that mends it, if one does."""

    code: str
    detail: str
    retryable: bool = False
    command: str | None = None


class FileWarning(Contract):
    """What is odd about a file that was taken all the same: `polyglot`, `name-mismatch`."""

    code: str
    detail: str


class FileUploaded(Contract):
    """`file.uploaded`: the bytes below `storage_key` are durable and are what `sha256` says.

    A child file came out of another (`parent_id`), where it was at `parent_path`; `depth` counts its ancestors.
    """

    file_id: FileId
    filename: str
    owner_id: str
    version: int
    size: int
    content_type: str
    sha256: str
    storage_key: str
    created_at: Time
    title: str | None = None
    tags: list[str] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)
    external_id: str | None = None
    warnings: list[FileWarning] = Field(default_factory=list)
    parent_id: FileId | None = None
    parent_path: str | None = None
    depth: int = 0
    actor: str | None = None
    client_address: str | None = None


class FileQuarantined(FileUploaded):
    """`file.quarantined`: this version is kept, and never served; `file.uploaded` was not sent for it."""

    reason: Reason


class FileStored(Contract):
    """`file.stored`: the store holds `stored_size` bytes for a version, compressed or plain again.

    `forms` grows with each change of its form, so the last one wins in any order. A version without such news is
    stored as it is.
    """

    file_id: FileId
    owner_id: str
    version: int
    stored_size: int
    forms: int


class FileLifecycle(Contract):
    """`file.deleted`, `file.restored`, `file.purged`: `change` grows with each of them, so the last one wins in any order.

    `rule`: whose time for this file was over; nobody else asked for it.
    """

    file_id: FileId
    owner_id: str
    version: int
    change: int
    actor: str | None = None
    client_address: str | None = None
    purge_id: Id | None = None
    rule: RuleRef | None = None


class PurgeConfirmed(Contract):
    """`file.purge-confirmed`: a service keeps nothing of this file any more. `removed`: how many of what that was."""

    file_id: FileId
    owner_id: str
    purge_id: Id
    service: str
    removed: dict[str, int] = Field(default_factory=dict)


Action = Literal[
    "content", "text", "rendition", "signed-url", "signed-open", "metadata", "share", "unshare", "share-open"
]


class FileAccessed(Contract):
    """`file.accessed`: somebody opened, or was refused, the content of a file, or let others open it by a link.

    Told by each service that serves it. `share_id`: by which link.
    """

    file_id: FileId
    owner_id: str
    actor: str
    action: Action
    outcome: Literal["ok", "refused"] = "ok"
    reason: str | None = None
    client_address: str | None = None
    version: int | None = None
    share_id: Id | None = None


class File(Contract):
    """A file as `GET /files/{file_id}` shows it. Metadata owns status, analysis, title and tags; this is a copy.

    `parent_id` and `parent_path` say which file it came out of, and where in it that was. `hold`: it cannot be deleted.
    """

    file_id: FileId
    filename: str
    size: int
    content_type: str
    sha256: str
    status: Status
    status_reason: Reason | None = None
    analysis: Analysis
    analysis_reason: Reason | None = None
    version: int
    owner_id: str
    title: str | None = None
    tags: list[str] = Field(default_factory=list)
    external_id: str | None = None
    warnings: list[FileWarning] = Field(default_factory=list)
    parent_id: FileId | None = None
    parent_path: str | None = None
    hold: LegalHold | None = None
    created_at: Time
    updated_at: Time
    deleted_at: Time | None = None
    links: dict[str, str]


class FileVersion(Contract):
    """One content a file has had."""

    version: int
    filename: str
    size: int
    content_type: str
    sha256: str
    created_at: Time
    held: Literal["scanning", "quarantined"] | None = None
    links: dict[str, str]


class VersionPage(Contract):
    """A page of versions, newest first."""

    items: list[FileVersion]
    next_cursor: str | None = None


class Confirmation(Contract):
    """What one service says of a purge: `removed` counts what it erased, by table; `blobs` are stored bodies."""

    state: Literal["pending", "confirmed"]
    removed: dict[str, int] = Field(default_factory=dict)
    confirmed_at: Time | None = None


class Purge(Contract):
    """A purge: done when every service has confirmed that it keeps nothing of the file, nor of the files that came out of it.

    `cause` `parent`: this file came out of one that was purged; `owner`: its owner is erased.
    """

    purge_id: Id
    file_id: FileId
    cause: Literal["asked", "trash", "parent", "owner"]
    asked_at: Time
    done_at: Time | None = None
    services: dict[str, Confirmation]


class FilePage(Contract):
    """A page of files, newest first."""

    items: list[File]
    next_cursor: str | None = None


class ZipRequest(Contract):
    """Files to be put into one zip; one named twice is in it once."""

    file_ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=ZIP_FILES_MOST)


class Stats(Contract):
    """The caller's files in numbers. `bytes` is what was uploaded, `bytes_stored` what the store holds for it."""

    files: int
    bytes: int
    bytes_stored: int
    uploads_today: int
    by_type: dict[str, int]


class Limits(Contract):
    """Every limit in force on uploads. Sizes in bytes."""

    max_file_bytes: int
    max_filename_bytes: int
    max_fields_bytes: int
    max_tags: int
    min_free_disk_bytes: int
    refused_types: list[str]
    allowed_types: list[str] = Field(default_factory=list)
    max_bytes_by_type: dict[str, int] = Field(default_factory=dict)
    idempotency_hours: int
    quota_bytes: int | None = None
    used_bytes: int = 0
    trash_days: float = 30.0
    max_zip_files: int = ZIP_FILES_MOST
    max_zip_bytes: int = 0
    uploads_at_once: int | None = None
    rate_per_s: float | None = None
    rate_burst: int | None = None
