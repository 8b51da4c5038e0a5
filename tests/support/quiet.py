"""Waits until a mill has nothing left to do: no message, no unsent event, no scan due, no open job, no document to index,
no owner who is still being erased."""

import time
from collections.abc import Iterator

from support.engines import NotThereYet
from support.mill import Mill, wait_for

OUTBOXES = ("access", "upload", "metadata", "processing", "ai", "notification")
JOBS = ("processing", "ai")
STILL_S = 0.3
SABOTAGED_STILL_S = 15.0
"""Where a broker is asked: its numbers are up to five seconds old."""
LOOK_EVERY_S = 0.25
"""A look opens a dozen files; more often would take the time from what is waited for."""


def in_hand(mill: Mill) -> dict[str, int]:
    """What is left to do, by place; empty when there is nothing. Raises `NotThereYet`."""
    return {place: count for place, count in _counts(mill) if count}


def _counts(mill: Mill) -> Iterator[tuple[str, int]]:
    for service in OUTBOXES:
        yield f"{service}.outbox", mill.rows(service, "SELECT count(*) FROM outbox WHERE sent_at IS NULL")[0][0]
    yield "upload.scans", mill.rows("upload", "SELECT count(*) FROM scans")[0][0]
    yield from mill.engines.undelivered()
    for service in JOBS:
        open_jobs = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"
        yield f"{service}.jobs", mill.rows(service, open_jobs)[0][0]
    behind = "SELECT count(*) FROM documents WHERE index_mark - index_wanted < 2199023255552"
    yield "access.erasures", mill.rows("access", "SELECT count(*) FROM erasures WHERE stage <> 'done'")[0][0]
    yield "metadata.index", mill.rows("metadata", behind)[0][0]


def wait_until_processed(mill: Mill, count: int, timeout_s: float) -> None:
    """Return when processing has ended for so many files."""
    query = "SELECT count(*) FROM jobs WHERE state IN ('done', 'failed')"
    wait_for(lambda: mill.rows("processing", query)[0][0] >= count, f"{count} files processed", timeout_s, LOOK_EVERY_S)


def wait_until_quiet(mill: Mill, timeout_s: float) -> None:
    """Return when nothing was left at two looks in a row: what leaves one place is on its way to the next."""
    quiet_since_s: list[float] = []

    def is_quiet() -> bool:
        try:
            left = in_hand(mill)
        except NotThereYet:
            return False
        if left or not mill.all_running():
            quiet_since_s.clear()
            return False
        quiet_since_s.append(time.monotonic())
        return quiet_since_s[-1] - quiet_since_s[0] > (SABOTAGED_STILL_S if mill.engines.sabotaged else STILL_S)

    try:
        wait_for(is_quiet, "the mill to be quiet", timeout_s, LOOK_EVERY_S)
    except AssertionError as error:
        raise AssertionError(f"{error}; left: {in_hand(mill)}; units: {mill.units()}") from error
