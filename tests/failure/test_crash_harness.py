"""Nothing acknowledged is lost and nothing counted twice, wherever a process is killed; and the audit would notice.

Real processes, clients that send again, `kill -9` at named points and from outside; then the mill heals by itself and
everything is looked at. The short run is part of every test run, the long one of `make crashes`.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from support import crash_names
from support.crash_run import Plan, crash_run
from support.engines import Engines, ServerEngines
from support.visits import visit


def _seed() -> int:
    return int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))


def test_mill_when_killed_anywhere_under_load_then_keeps_every_promise(tmp_path: Path) -> None:
    """500 uploads, kills at every named point and from outside: 0 lost, 0 duplicated, all processed."""
    report = crash_run(tmp_path, Plan(uploads=500, points="*=0.001", outside_every_s=1.5), _seed())
    assert report.wrong == [], str(report)
    assert report.gave_up == []
    assert report.acknowledged == 500
    assert report.effective_kills >= 10, str(report)


@pytest.mark.servers
def test_mill_when_two_instances_on_servers_are_killed_then_they_keep_every_promise(
    tmp_path: Path, server_engines: Callable[[], ServerEngines]
) -> None:
    """The same on PostgreSQL, RabbitMQ and S3, with two of every process: neither may think it is alone."""
    plan = Plan(150, "*=0.001", outside_every_s=1.5, engines=server_engines(), instances=2)
    report = crash_run(tmp_path, plan, _seed())
    assert report.wrong == [], str(report)
    assert report.gave_up == []
    assert report.acknowledged == 150
    assert report.effective_kills >= 5, str(report)


@pytest.mark.slow
def test_mill_when_killed_everywhere_for_long_then_keeps_every_promise(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """The long run: `FILEMILL_CHAOS_UPLOADS` files, visitors who edit and delete, at least `FILEMILL_CHAOS_KILLS` kills."""
    uploads = int(os.environ.get("FILEMILL_CHAOS_UPLOADS", "3000"))
    wanted = int(os.environ.get("FILEMILL_CHAOS_KILLS", "100"))
    report = crash_run(
        tmp_path, Plan(uploads, "*=0.001", outside_every_s=2.0, visit=visit, engines=fresh_engines), _seed()
    )
    assert report.wrong == [], str(report)
    assert report.gave_up == []
    assert report.effective_kills >= wanted, str(report)


_BATCHED = ("relay.", "queue.put.", "metadata.index", "jobs.recover")
_ALONE = ("consumer.taken", "consumer.unacked", "consumer.acked", "queue.ack.", "ai.", "processing.", "jobs.")


def _chance(point: str) -> float:
    """Often enough to be met in a short run; seldom enough that nobody is killed five times for the same message or job."""
    if point in crash_names.VISITS or point.startswith(_BATCHED):
        return 0.3
    return 0.1 if point.startswith(_ALONE) else 0.05


@pytest.mark.slow
@pytest.mark.parametrize("point", sorted(crash_names.FILES | crash_names.VISITS))
def test_mill_when_killed_at_one_point_again_and_again_then_keeps_every_promise(tmp_path: Path, point: str) -> None:
    """Every named point that load and visits come to, each on its own."""
    plan = f"{point}={_chance(point)}"
    if point.startswith("jobs.recover"):
        plan += ",jobs.worked=0.1"  # there is nothing to recover unless a worker dies
    report = crash_run(tmp_path, Plan(60, plan, kill_until_share=0.9, visit=visit), _seed())
    assert report.points[point] >= 1, str(report)
    assert report.wrong == [], str(report)
    assert report.gave_up == []
