"""Uploads in several requests, killed at every point of their way: no acknowledged byte is lost, each file is there once."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from support.crash_run import Plan, Report, crash_run
from support.engines import Engines, ServerEngines
from support.tus_uploads import TusClients

POINTS = (
    "upload.session.begin.in-tx", "upload.session.begin.committed", "upload.session.claim.committed",
    "upload.session.release.in-tx", "upload.session.appended", "upload.session.advance.in-tx",
    "upload.session.advance.committed", "upload.session.sealed", "upload.session.completed", "upload.session.forgotten",
    "upload.session.remove.in-tx", "upload.session.remove.committed", "upload.accept.in-tx", "upload.accept.committed",
    "store.piece.written", "store.piece.stored", "store.piece.adopted",
)  # fmt: skip
SELDOM = ("upload.session.forgotten", "upload.session.remove", "store.piece.adopted")


def _seed() -> int:
    return int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))


def _check(report: Report, acknowledged: int) -> None:
    assert report.wrong == [], str(report)
    assert report.gave_up == []
    assert report.acknowledged == acknowledged


def test_resumable_uploads_when_killed_anywhere_then_each_file_is_whole_and_there_once(tmp_path: Path) -> None:
    """A sample of the kills on the way of tus."""
    points = "upload.session.*=0.015,store.piece.*=0.015,upload.accept.*=0.01"
    report = crash_run(tmp_path, Plan(30, points, clients=TusClients), _seed())
    _check(report, 30)
    assert report.effective_kills >= 3, str(report)


@pytest.mark.slow
def test_resumable_uploads_when_killed_for_long_then_each_file_is_whole_and_there_once(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """The long run, at least `FILEMILL_CHAOS_KILLS` kills on this way alone."""
    wanted = int(os.environ.get("FILEMILL_CHAOS_KILLS", "100"))
    points = "upload.session.*=0.012,store.piece.*=0.012,upload.accept.*=0.01,upload.blob-without-row=0.01"
    report = crash_run(tmp_path, Plan(1000, points, clients=TusClients, engines=fresh_engines), _seed())
    _check(report, 1000)
    assert report.effective_kills >= wanted, str(report)


@pytest.mark.servers
@pytest.mark.slow
def test_resumable_uploads_when_two_instances_are_killed_then_any_of_them_goes_on(
    tmp_path: Path, server_engines: Callable[[], ServerEngines]
) -> None:
    """On PostgreSQL and S3, each request to another instance."""
    points = "upload.session.*=0.015,store.piece.sent=0.05,upload.accept.*=0.01"
    plan = Plan(150, points, clients=TusClients, engines=server_engines(), instances=2, outside_every_s=2.0)
    report = crash_run(tmp_path, plan, _seed())
    _check(report, 150)
    assert report.effective_kills >= 10, str(report)
    assert report.points["store.piece.sent"] >= 1


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_resumable_uploads_when_killed_at_one_point_again_and_again_then_each_file_is_there_once(
    tmp_path: Path, point: str
) -> None:
    """Every point on the way, each on its own."""
    chance = 0.3 if point.startswith(SELDOM) else 0.05
    report = crash_run(tmp_path, Plan(80, f"{point}={chance}", clients=TusClients), _seed())
    _check(report, 80)
    assert report.points[point] >= 1, str(report)
