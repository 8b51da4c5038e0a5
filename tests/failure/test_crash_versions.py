"""Files that get new content while everything is killed on that way: every acknowledged version is there once, in order."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from support.crash_run import Plan, Report, crash_run
from support.engines import Engines, ServerEngines
from support.version_uploads import VersionClients, check

POINTS = (
    "upload.version-without-row=0.02,upload.accept-version.*=0.02,upload.idempotency.*=0.01,store.*=0.005,relay.*=0.005"
)


def _seed() -> int:
    return int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))


def _run(folder: Path, files: int, engines: Engines | None = None, instances: int = 1, points: str = POINTS) -> Report:
    plan = Plan(files, points, clients=VersionClients, engines=engines, instances=instances, check=check)
    report = crash_run(folder, plan, _seed())
    assert report.wrong == [], str(report)
    assert report.gave_up == []
    return report


def test_versions_when_killed_anywhere_then_each_is_there_once_and_in_order(tmp_path: Path) -> None:
    """A sample of the kills on this way."""
    report = _run(tmp_path, 12, points=POINTS.replace("0.02", "0.05"))
    assert report.effective_kills >= 2, str(report)


@pytest.mark.slow
def test_versions_when_killed_for_long_then_each_is_there_once_and_in_order(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """The long run, at least `FILEMILL_CHAOS_KILLS` kills on this way alone."""
    report = _run(tmp_path, 400, fresh_engines)
    assert report.effective_kills >= int(os.environ.get("FILEMILL_CHAOS_KILLS", "100")), str(report)
    for point in ("upload.version-without-row", "upload.accept-version.in-tx", "upload.accept-version.committed"):
        assert report.points[point] >= 10, str(report)


@pytest.mark.servers
@pytest.mark.slow
def test_versions_when_two_instances_are_killed_then_each_is_there_once_and_in_order(
    tmp_path: Path, server_engines: Callable[[], ServerEngines]
) -> None:
    """On PostgreSQL, RabbitMQ and S3: each try goes to another instance."""
    report = _run(tmp_path, 40, server_engines(), instances=2)
    assert report.effective_kills >= 10, str(report)
