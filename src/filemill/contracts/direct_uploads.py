"""Uploads that go straight to the store: what is asked for, and where each part is to be sent."""

from typing import Annotated, Any, Literal

from pydantic import Field

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time
from filemill.contracts.upload import Reason

PARTS_MOST = 1000
PART_MOST_BYTES = 5 * 1024**3
"""What S3 takes in one PUT."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class NewUpload(Contract):
    """A file whose bytes will be sent in parts to the addresses in the answer. `content_type` is a hint: the bytes decide.

    `part_size`: how the file is to be cut (at most 1,000 parts); ours otherwise. `part_sha256`: the hash of each part that
    comes of it, in order; each address then takes nothing but these bytes.
    """

    filename: str = Field(max_length=4096)
    size: int = Field(ge=0)
    content_type: str | None = Field(default=None, max_length=255)
    sha256: Sha256 | None = None
    part_size: int | None = Field(default=None, ge=1, le=PART_MOST_BYTES)
    part_sha256: list[Sha256] | None = Field(default=None, max_length=PARTS_MOST)
    title: str | None = None
    tags: list[str] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)
    external_id: str | None = None


class UploadPart(Contract):
    """A part: `size` bytes from `offset` on go to `url` with PUT and these `headers`, before the upload's `expires_at`."""

    number: int
    offset: int
    size: int
    url: str
    headers: dict[str, str] = Field(default_factory=dict)


class DirectUpload(Contract):
    """An upload that goes straight to the store. `parts` only in the answer that begins it."""

    upload_id: Id
    state: Literal["open", "verifying", "done", "failed"]
    reason: Reason | None = None
    size: int
    file_id: FileId | None = None
    expires_at: Time
    parts: list[UploadPart] | None = None
    links: dict[str, str]
