"""Nothing acknowledged is lost and nothing counted twice, wherever a process is killed; and the audit would notice.

Real processes, clients that send again, `kill -9` at named points and from outside; then the mill heals by itself and
everything is looked at. The short run is part of every test run, the long one of `make chaos`.
"""

import os
import secrets
from pathlib import Path

from support.crash_run import Plan, crash_run


def _seed() -> int:
    return int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))


def test_mill_when_killed_anywhere_under_load_then_keeps_every_promise(tmp_path: Path) -> None:
    """500 uploads, kills at every named point and from outside: 0 lost, 0 duplicated, all processed."""
    report = crash_run(tmp_path, Plan(uploads=500, points="*=0.001", outside_every_s=1.5), _seed())
    assert report.wrong == [], str(report)
    assert report.gave_up == []
    assert report.acknowledged == 500
    assert report.effective_kills >= 10, str(report)
