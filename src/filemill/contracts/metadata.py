"""What the metadata service says: the whole of what is known of a file, search, audit, timeline, analytics."""

from typing import Any, Literal

from pydantic import Field

from filemill.contracts.ai import Finding
from filemill.contracts.ids import FileId
from filemill.contracts.model import Contract, Time
from filemill.contracts.processing import RenditionRef, TextState
from filemill.contracts.upload import Analysis, File, Reason, Status


class FileUpdated(Contract):
    """`file.updated`: status, analysis, title or tags changed. `revision` grows by one each time; the highest wins."""

    file_id: FileId
    owner_id: str
    revision: int
    version: int
    status: Status
    status_reason: Reason | None = None
    analysis: Analysis
    analysis_reason: Reason | None = None
    title: str | None = None
    tags: list[str] = Field(default_factory=list)
    updated_at: Time


class RenditionView(Contract):
    """A rendition and where to get it."""

    name: str
    content_type: str
    size: int
    width: int | None = None
    height: int | None = None
    url: str

    @classmethod
    def of(cls, rendition: RenditionRef, url: str) -> "RenditionView":
        return cls(**rendition.model_dump(exclude={"storage_key", "sha256"}), url=url)


class TextView(Contract):
    """Whether text was found, and how much of it; the text itself is at `links.text`."""

    state: TextState
    reason: Reason | None = None
    characters: int = 0
    pages: int = 0


class Document(File):
    """Everything known of a file: the file, and what processing and ai found.

    `description` is its owner's; `summary` is the sentence ai composed from what was found.
    """

    revision: int = 0
    description: str | None = None
    summary: str | None = None
    properties: dict[str, Any] = Field(default_factory=dict)
    custom: dict[str, Any] = Field(default_factory=dict)
    renditions: list[RenditionView] = Field(default_factory=list)
    text: TextView | None = None
    findings: list[Finding] = Field(default_factory=list)


TAGS_MOST = 100


class DocumentPatch(Contract):
    """A JSON merge patch (RFC 7396): a member that is null is removed, one that is absent stays."""

    title: str | None = Field(default=None, max_length=500)
    description: str | None = Field(default=None, max_length=10_000)
    tags: list[str] | None = Field(default=None, max_length=TAGS_MOST)
    custom: dict[str, Any] | None = None


class BulkPatch(Contract):
    """What is changed of many files: tags added and removed, custom fields merged (null removes one)."""

    add_tags: list[str] = Field(default_factory=list, max_length=TAGS_MOST)
    remove_tags: list[str] = Field(default_factory=list, max_length=TAGS_MOST)
    custom: dict[str, Any] = Field(default_factory=dict)


class BulkPatched(Contract):
    """What became of one page: files that match, that were (or with `dry_run` would be) changed, that would have too much."""

    matched: int = 0
    changed: int = 0
    refused: int = 0
    next_cursor: str | None = None
    dry_run: bool


class MatchedAt(Contract):
    """A place where a file matched: a `page` of its text, a custom field or capability by `name`, or the field as such.

    `attachment`: the file is one, at the path `name` in its parent.
    """

    field: str
    name: str | None = None
    page: int | None = None


class Hit(File):
    """A file that matched, why, and how well. `summary` is the sentence ai composed from what was found.

    `needs_password`: a password protects its text or, in an archive, some of the files.
    """

    summary: str | None = None
    needs_password: bool = False
    score: float | None = None
    highlights: list[str] = Field(default_factory=list)
    matched_in: list[str] = Field(default_factory=list)
    matched_at: list[MatchedAt] = Field(default_factory=list)


class Semantic(Contract):
    """How a hybrid search looked for meaning. `used` False: it was by words alone, and `reason` says why.

    `compared`: documents whose vectors were; `bounded`: there were more. `of_other_models`: documents left out, since their
    vectors are of another model.
    """

    used: bool
    method: str | None = None
    model: str | None = None
    compared: int = 0
    bounded: bool = False
    of_other_models: int = 0
    reason: str | None = None


class SimilarHit(Hit):
    """A file like another; `similarity` is 0 to 1, of its method."""

    similarity: float


class SimilarPage(Contract):
    """Files like a file, the most alike first, with how it was told and among how many; `bounded`: there were more.

    `picture-hash`: equal bits of perceptual hashes; `vectors`: cosine of texts' vectors, of one model; `words`: of weights.
    """

    items: list[SimilarHit]
    method: Literal["picture-hash", "vectors", "words"]
    compared: int
    bounded: bool = False
    model: str | None = None


class SearchPage(Contract):
    """A page of hits. `ranked_among`, `facets_among`: set when only the newest so many matches were put in order, or counted.

    `corrected`: words that no file has, and the words of names and titles that were taken for them; `did_you_mean`: those that
    would have been, where little was found. `not_indexed`: so many files (of everybody) the index does not have yet.
    """

    items: list[Hit]
    next_cursor: str | None = None
    facets: dict[str, dict[str, int]] = Field(default_factory=dict)
    ranked_among: int | None = None
    facets_among: int | None = None
    corrected: dict[str, str] = Field(default_factory=dict)
    did_you_mean: dict[str, str] = Field(default_factory=dict)
    not_indexed: int = 0
    semantic: Semantic | None = None


class AuditEntry(Contract):
    """Who did what to a file, when, from where, in which request; refused attempts too."""

    entry_id: int
    at: Time
    actor: str
    action: str
    outcome: str = "ok"
    detail: dict[str, Any] = Field(default_factory=dict)
    client_address: str | None = None
    request_id: str | None = None


class AuditPage(Contract):
    """A page of the audit trail, newest first."""

    items: list[AuditEntry]
    next_cursor: str | None = None


class TimelineEntry(Contract):
    """One hop, wait, try or step, with the service that did it."""

    at: Time
    service: str
    step: str
    state: str
    attempt: int | None = None
    duration_ms: float | None = None
    reason: Reason | None = None
    detail: dict[str, Any] = Field(default_factory=dict)
    request_id: str | None = None
    trace_id: str | None = None


class Timeline(Contract):
    """The story of a file in order, and `why` it is where it is, in words."""

    file_id: FileId
    status: Status
    analysis: Analysis
    why: str
    items: list[TimelineEntry]
