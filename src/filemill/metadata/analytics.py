"""Files in numbers: by day, type and status; processing times; top tags. Aggregated by the database over one owner's rows."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select

from filemill.chassis.database.database import Tx
from filemill.contracts.metadata import Analytics, AnalyticsDay
from filemill.metadata.repository import SEQ_BITS, time_floor
from filemill.metadata.tables import documents

SAMPLE_MOST = 10_000
"""Percentiles and top tags look at the newest so many files of the period."""
DAY_MS = 86_400_000


def analytics(tx: Tx, owner_id: str, since: datetime, until: datetime) -> Analytics:
    """The numbers of one owner's living files created in a period."""
    within = (
        documents.c.owner_id == owner_id,
        documents.c.deleted.is_(False),
        documents.c.known.is_(True),
        documents.c.doc_id >= time_floor(since),
        documents.c.doc_id < time_floor(until),
    )
    by_day = select(
        # `op` and not `/`: an integer division, which is what a day number is.
        documents.c.doc_id.op("/")((1 << SEQ_BITS) * DAY_MS).label("day"),
        func.count(),
        func.sum(documents.c.size),
        _ended_as("processed"),
        _ended_as("failed"),
    )
    days = [_day(row) for row in tx.execute(by_day.where(*within).group_by("day").order_by("day"))]
    newest = documents.c.doc_id.desc()
    times = select(documents.c.processing_ms, documents.c.analysis_ms, documents.c.tags).where(*within).order_by(newest)
    sample = tx.execute(times.limit(SAMPLE_MOST)).all()
    tags = Counter(tag for row in sample for tag in row[2])
    return Analytics(
        days=days,
        by_type=_counts(tx, documents.c.content_type, within),
        by_status=_counts(tx, documents.c.status, within),
        bytes=sum(one.bytes for one in days),
        files=sum(one.files for one in days),
        processing_ms=percentiles([row[0] for row in sample if row[0] is not None]),
        analysis_ms=percentiles([row[1] for row in sample if row[1] is not None]),
        top_tags=dict(tags.most_common(20)),
    )


def percentiles(values: list[float]) -> dict[str, float | None]:
    """p50 and p95 by nearest rank; None where there is no value."""
    ordered = sorted(values)
    if not ordered:
        return {"p50": None, "p95": None}
    return {name: ordered[round(share * (len(ordered) - 1))] for name, share in (("p50", 0.5), ("p95", 0.95))}


def _ended_as(status: str) -> Any:
    return func.sum(case((documents.c.status == status, 1), else_=0))


def _counts(tx: Tx, column: Any, within: tuple[Any, ...]) -> dict[str, int]:
    rows = tx.execute(select(column, func.count()).where(*within).group_by(column).order_by(func.count().desc()))
    return {row[0]: row[1] for row in rows}


def _day(row: Any) -> AnalyticsDay:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(row[0]))
    return AnalyticsDay(
        day=start.date().isoformat(), files=row[1], bytes=int(row[2]), processed=int(row[3]), failed=int(row[4])
    )
