"""An installation with a scanner (a real clamd), killed at every point of that way: each file is told of once, and is whole."""

import os
import secrets
from pathlib import Path

import pytest

from support.crash_run import Plan, crash_run
from support.servers.clamd import Clamd

POINTS = "upload.scan.*=0.1,upload.accept.*=0.015"


@pytest.mark.servers
def test_scans_when_killed_anywhere_then_each_clean_file_goes_all_its_way(tmp_path: Path, clamd_server: Clamd) -> None:
    """Whoever held a scan is dead: it is scanned again when the lease ends, and told of once."""
    seed = int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))
    report = crash_run(tmp_path, Plan(30, POINTS, settings={"CLAMD_URL": clamd_server.unix_url}), seed)
    assert (report.wrong, report.gave_up, report.acknowledged) == ([], [], 30), str(report)
    assert report.effective_kills >= 2, str(report)


@pytest.mark.servers
@pytest.mark.slow
def test_scans_when_killed_for_long_then_each_clean_file_goes_all_its_way(tmp_path: Path, clamd_server: Clamd) -> None:
    """The long run, at least `FILEMILL_CHAOS_KILLS` kills on this way alone."""
    wanted = int(os.environ.get("FILEMILL_CHAOS_KILLS", "100"))
    plan = Plan(800, POINTS, settings={"CLAMD_URL": clamd_server.unix_url})
    report = crash_run(tmp_path, plan, int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32)))
    assert (report.wrong, report.gave_up, report.acknowledged) == ([], [], 800), str(report)
    assert report.effective_kills >= wanted, str(report)
