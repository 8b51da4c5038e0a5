"""What metadata says in numbers: of one owner's files, and of everybody's."""

from pydantic import Field

from filemill.contracts.model import Contract


class AnalyticsDay(Contract):
    """What happened on one day (UTC)."""

    day: str
    files: int
    bytes: int
    processed: int
    failed: int


class Times(Contract):
    """How many, and how long in milliseconds, within five percent; null where there was none."""

    count: int = 0
    p50: float | None = None
    p95: float | None = None


class Analytics(Contract):
    """Counts by day, type and status; failures by reason; times, of steps and models too; the most used tags.

    `bytes_stored`: what the store holds for the newest contents; one that several files share counts with each.
    """

    days: list[AnalyticsDay]
    by_type: dict[str, int]
    by_status: dict[str, int]
    bytes: int
    bytes_stored: int = 0
    files: int
    failures: dict[str, int] = Field(default_factory=dict)
    processing_ms: Times
    analysis_ms: Times
    steps_ms: dict[str, Times] = Field(default_factory=dict)
    models_ms: dict[str, Times] = Field(default_factory=dict)
    top_tags: dict[str, int]


class OwnerNumbers(Contract):
    """What one owner has."""

    owner_id: str
    files: int
    bytes: int
    bytes_stored: int


class OwnerAnalytics(Contract):
    """What each owner has, those with most bytes first; `more`: there are more owners."""

    items: list[OwnerNumbers]
    more: bool = False
