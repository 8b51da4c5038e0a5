"""Uploads straight to the store, killed at every point of their way: checked before they exist, each file there once."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from support.crash_run import Plan, Report, crash_run
from support.direct_uploads import DirectClients
from support.engines import Engines, ServerEngines

POINTS = (
    "upload.direct.verifying.*=0.15,upload.direct.*=0.02,upload.session.*=0.02,store.piece.*=0.02,upload.accept.*=0.015"
)
AT_ONCE = {"FILEMILL_VERIFY_AT_ONCE_BYTES": "60000"}
"""The larger half of the files is `verifying` for a while."""


def _seed() -> int:
    return int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))


def _check(report: Report, acknowledged: int) -> None:
    assert report.wrong == [], str(report)
    assert report.gave_up == []
    assert report.acknowledged == acknowledged


def test_direct_uploads_when_killed_anywhere_then_each_file_is_whole_and_there_once(tmp_path: Path) -> None:
    """A sample of the kills on this way."""
    report = crash_run(
        tmp_path, Plan(30, POINTS.replace("0.02", "0.05"), clients=DirectClients, settings=AT_ONCE), _seed()
    )
    _check(report, 30)
    assert report.effective_kills >= 2, str(report)


@pytest.mark.slow
def test_direct_uploads_when_killed_for_long_then_each_file_is_whole_and_there_once(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """The long run, at least `FILEMILL_CHAOS_KILLS` kills on this way alone."""
    wanted = int(os.environ.get("FILEMILL_CHAOS_KILLS", "100"))
    plan = Plan(1000, POINTS, clients=DirectClients, settings=AT_ONCE, engines=fresh_engines)
    report = crash_run(tmp_path, plan, _seed())
    _check(report, 1000)
    assert report.effective_kills >= wanted, str(report)
    for point in ("upload.direct.verified", "upload.direct.verifying.in-tx", "upload.direct.verifying.committed"):
        assert report.points[point] >= 1, str(report)


@pytest.mark.servers
@pytest.mark.slow
def test_direct_uploads_when_two_instances_are_killed_then_any_of_them_goes_on(
    tmp_path: Path, server_engines: Callable[[], ServerEngines]
) -> None:
    """On PostgreSQL and S3: the parts do not pass through us, the check does."""
    plan = Plan(150, POINTS, clients=DirectClients, settings=AT_ONCE, engines=server_engines(), instances=2)
    report = crash_run(tmp_path, plan, _seed())
    _check(report, 150)
    assert report.effective_kills >= 10, str(report)
