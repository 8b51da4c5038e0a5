"""What the ai service says: findings with their evidence, jobs, models."""

from typing import Annotated, Any, Literal

from pydantic import Field

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time
from filemill.contracts.upload import Reason

CapabilityState = Literal["done", "empty", "needs-download", "unsupported", "failed"]


class Finding(Contract):
    """What one capability found: result, model, confidence and evidence; or the reason why there is nothing.

    `reused`: it was found in an equal file, or in this one before, and `duration_ms` is what it took then.
    """

    capability: str
    state: CapabilityState
    result: Any = None
    model: str | None = None
    model_version: str | None = None
    model_digest: str | None = None
    quality: str | None = None
    confidence: float | None = None
    evidence: list[dict[str, Any]] = Field(default_factory=list)
    reason: Reason | None = None
    looked_at_characters: int | None = None
    of_characters: int | None = None
    duration_ms: float = 0.0
    reused: bool = False


class FileAnalyzed(Contract):
    """`file.analyzed`: the analysis of one version ended. `summary` is small; the findings are asked for over HTTP."""

    file_id: FileId
    owner_id: str
    version: int
    run: int
    job_id: Id
    analysis: Literal["done", "unavailable", "failed"]
    reason: Reason | None = None
    summary: dict[str, Any] = Field(default_factory=dict)
    findings: list[Finding] = Field(default_factory=list)
    attempt: int = 1
    started_at: Time | None = None
    duration_ms: float | None = None


class AnalyzeRequest(Contract):
    """Which capabilities to run (the default set when absent) and their options."""

    capabilities: list[str] | None = Field(default=None, max_length=32)
    options: dict[str, Any] = Field(default_factory=dict)


class AnalyzeAnswer(Contract):
    """202 while the job runs; 200 with the findings when the same question was answered before."""

    job_id: Id | None = None
    status: str
    cached: bool = False
    findings: list[Finding] | None = None
    last: list[Finding] | None = None


class Model(Contract):
    """A model the registry knows. `command` is what makes a model that `needs-download` ready."""

    id: str
    version: str
    capability: str
    rank: int
    state: str
    quality: str
    runtime: str
    licence: str
    languages: list[str] = Field(default_factory=list)
    size_bytes: int | None = None
    device: str = "cpu"
    digest: str | None = None
    reason: str | None = None
    command: str | None = None


class Models(Contract):
    """Every model, by capability and rank."""

    items: list[Model]


class EmbeddedChunk(Contract):
    """A chunk of the text, characters `start` to `end` of a page, and its vector: base64 of float32, little-endian."""

    chunk: int
    page: int
    start: int
    end: int
    vector: str


class EmbeddingsView(Contract):
    """Vectors of a file's text, all of one model, in reading order. Compare them only with vectors of the same digest."""

    file_id: FileId
    version: int
    model: str
    model_version: str
    model_digest: str
    dimensions: int
    items: list[EmbeddedChunk]
    next_cursor: str | None = None


class EmbedRequest(Contract):
    """Texts to make vectors of, as a question that is searched for; only the beginning of a long one counts."""

    texts: list[Annotated[str, Field(max_length=4000)]] = Field(min_length=1, max_length=32)


class EmbedAnswer(Contract):
    """A vector for each text, in order: base64 of float32, little-endian. Compare only with those of the same digest."""

    model: str
    model_version: str
    model_digest: str
    dimensions: int
    vectors: list[str]


class EarlierFinding(Finding):
    """What another model, another version of it, or other options said before."""

    found_at: Time


class FindingsView(Contract):
    """The current findings about one file; `earlier`, newest first, only if it was asked for."""

    file_id: FileId
    version: int
    analyzed_at: Time | None = None
    items: list[Finding]
    earlier: list[EarlierFinding] | None = None
