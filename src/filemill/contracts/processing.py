"""What the processing service says: progress, results, refusals, and its jobs over HTTP."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time
from filemill.contracts.upload import Reason

TextState = Literal["found", "empty", "needs-password", "unsupported"]
PARTS_MOST = 1000
"""Entries of an archive that are unpacked at once."""
StepState = Literal["done", "empty", "skipped", "unsupported", "needs-password", "rejected", "failed"]


class StepRecord(Contract):
    """What one step of the plan did. `version` is the step's own version: with `options`, provenance of its result.

    `reused`: it was found out before, about the same bytes of the same owner, and `duration_ms` is what it took then.
    """

    name: str
    version: int
    state: StepState
    code: str | None = None
    detail: str | None = None
    duration_ms: float = 0.0
    options: dict[str, Any] = Field(default_factory=dict)
    reused: bool = False


class RenditionRef(Contract):
    """A picture made from the file: a blob of its own in the store."""

    name: str
    content_type: str
    size: int
    storage_key: str
    width: int | None = None
    height: int | None = None
    sha256: str | None = None


class NewRendition(Contract):
    """A picture that is wanted, in pixels. It is never larger than the file's own.

    `inside`: whole, within both sides; `cover`: cut from the middle to the shape of both.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    w: int | None = Field(default=None, ge=1, le=4096)
    h: int | None = Field(default=None, ge=1, le=4096)
    fit: Literal["inside", "cover"] = "inside"
    format: Literal["webp", "avif", "jpeg", "png"] = "webp"
    expires_in: int = Field(default=24 * 3600, ge=1, le=7 * 24 * 3600, description="Seconds the address works.")

    @model_validator(mode="after")
    def _some_size(self) -> Self:
        if self.w is None and self.h is None:
            raise ValueError("say w, h or both")
        if self.fit == "cover" and (self.w is None or self.h is None):
            raise ValueError("fit=cover needs w and h")
        return self


class TextRef(Contract):
    """The extracted text, or the reason why there is none.

    The blob is JSON: `{"pages": [{"number", "text", "lines"?}], "chunks"?: [...], "markdown"?}`. Lines and chunks are
    spans of characters of a page's text, with a `box` where the place is known: shares of the page from its top left.
    """

    state: TextState
    reason: Reason | None = None
    storage_key: str | None = None
    characters: int = 0
    pages: int = 0
    size: int | None = None
    sha256: str | None = None


class FileProcessed(Contract):
    """`file.processed`: everything processing learned of one version of a file."""

    file_id: FileId
    owner_id: str
    version: int
    run: int
    job_id: Id
    content_type: str
    plan: str
    properties: dict[str, Any] = Field(default_factory=dict)
    text: TextRef
    renditions: list[RenditionRef] = Field(default_factory=list)
    steps: list[StepRecord] = Field(default_factory=list)
    attempt: int = 1
    started_at: Time
    duration_ms: float


class FileFailed(Contract):
    """`file.failed`: processing gave up on one version of a file, or refused it; `reason` is for people."""

    file_id: FileId
    owner_id: str
    version: int
    run: int
    job_id: Id
    reason: Reason
    content_type: str | None = None
    steps: list[StepRecord] = Field(default_factory=list)
    attempt: int = 1
    started_at: Time | None = None
    duration_ms: float | None = None


PartState = Literal["waiting", "handed", "refused", "dropped", "purged"]


class UnpackRequest(Contract):
    """What to take out of an archive: `paths` as the archive lists them; all of it if not given."""

    paths: list[Annotated[str, Field(min_length=1, max_length=500)]] | None = Field(
        default=None, min_length=1, max_length=PARTS_MOST
    )


class Part(Contract):
    """What was taken out of a file. `handed`: it is the file `child_id`; `refused`: upload did not take it, for this reason.

    `dropped`: the parent was deleted first; `purged`: the file it became was purged.
    """

    version: int
    number: int
    path: str
    name: str
    content_type: str | None = None
    size: int
    sha256: str | None = None
    state: PartState
    reason: Reason | None = None
    child_id: FileId | None = None


class PartPage(Contract):
    """A page of parts, in the order in which they are in the file."""

    items: list[Part]
    next_cursor: str | None = None
