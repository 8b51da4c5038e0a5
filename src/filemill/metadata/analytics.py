"""Files in numbers: by day, type and status; times of processing, steps and models; failures by reason; top tags.

Read from the tallies, never from the documents: what a question costs grows with days and names, not with files.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from filemill.chassis.database.database import Tx
from filemill.contracts.analytics import Analytics, AnalyticsDay, OwnerAnalytics, OwnerNumbers, Times
from filemill.metadata import tallies
from filemill.metadata.tallies import (
    ANALYSIS_MS,
    DAY_MS,
    FAILURE,
    FILES,
    MODEL_MS,
    PROCESSING_MS,
    STATUS,
    STEP_MS,
    STORED,
    TAG,
    TYPE,
)
from filemill.metadata.tallies_repository import kinds_like, owner_sums, sums

TOP_TAGS = 20
OWNERS_MOST = 1000
NAMES_MOST = 1000
"""Types, reasons, time classes that are told of at most."""


def analytics(tx: Tx, owner_id: str, since: datetime, until: datetime) -> Analytics:
    """The numbers of one owner's living files created on the days from `since` to `until` (UTC)."""
    days = _day_of(since), _day_of(until)
    by_day = _days(sums(tx, owner_id, (FILES, STATUS), days, by_day=True))
    named: dict[str, dict[str, int]] = defaultdict(dict)
    for kind, _, name, files, _ in sums(tx, owner_id, (TYPE, STATUS, FAILURE), days, most=NAMES_MOST):
        named[kind][name] = files
    timed = _times(tx, owner_id, days)
    return Analytics(
        days=by_day,
        by_type=named[TYPE],
        by_status=named[STATUS],
        failures=named[FAILURE],
        bytes=sum(one.bytes for one in by_day),
        bytes_stored=sum(size for *_, size in sums(tx, owner_id, (STORED,), days)),
        files=sum(one.files for one in by_day),
        processing_ms=timed.get(PROCESSING_MS, Times()),
        analysis_ms=timed.get(ANALYSIS_MS, Times()),
        steps_ms={kind.removeprefix(STEP_MS): times for kind, times in timed.items() if kind.startswith(STEP_MS)},
        models_ms={kind.removeprefix(MODEL_MS): times for kind, times in timed.items() if kind.startswith(MODEL_MS)},
        top_tags={name: files for _, _, name, files, _ in sums(tx, owner_id, (TAG,), days, most=TOP_TAGS)},
    )


def by_owner(tx: Tx, since: datetime, until: datetime) -> OwnerAnalytics:
    """The same of every owner, without names: for an admin."""
    found = owner_sums(tx, (FILES, STORED), (_day_of(since), _day_of(until)), OWNERS_MOST + 1)
    items = [
        OwnerNumbers(
            owner_id=owner_id, files=counts.get(FILES, (0, 0))[0], bytes=counts.get(FILES, (0, 0))[1],
            bytes_stored=counts.get(STORED, (0, 0))[1],
        )
        for owner_id, counts in found[:OWNERS_MOST]
    ]  # fmt: skip
    return OwnerAnalytics(items=items, more=len(found) > OWNERS_MOST)


def percentiles(classes: Iterable[tuple[str, int]]) -> Times:
    """p50 and p95 by nearest rank of (class of a time, how many)."""
    ordered = sorted((tallies.time_of(name), count) for name, count in classes if count > 0)
    total = sum(count for _, count in ordered)
    return Times(count=total, p50=_at(ordered, 0.5 * total), p95=_at(ordered, 0.95 * total))


def _at(ordered: list[tuple[float, int]], rank: float) -> float | None:
    seen = 0
    for time, count in ordered:
        seen += count
        if seen >= rank:
            return time
    return None


def _times(tx: Tx, owner_id: str, days: tuple[int, int]) -> dict[str, Times]:
    kinds = [PROCESSING_MS, ANALYSIS_MS, *kinds_like(tx, owner_id, (STEP_MS, MODEL_MS), days)]
    classes: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for kind, _, name, files, _ in sums(tx, owner_id, kinds, days):
        classes[kind].append((name, files))
    return {kind: percentiles(found) for kind, found in sorted(classes.items())}


def _days(rows: Iterable[tuple[str, int, str, int, int]]) -> list[AnalyticsDay]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for kind, day, name, files, size in rows:
        if kind == FILES:
            found[day] |= {"files": files, "bytes": size}
        else:
            found[day][name] = files
    return [
        AnalyticsDay(
            day=(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat(),
            files=one.get("files", 0), bytes=one.get("bytes", 0),
            processed=one.get("processed", 0), failed=one.get("failed", 0),
        )
        for day, one in sorted(found.items())
    ]  # fmt: skip


def _day_of(moment: datetime) -> int:
    return int(moment.timestamp() * 1000) // DAY_MS
