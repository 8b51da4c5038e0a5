"""The crash harness goes red when a safety is switched off: a harness that cannot fail proves nothing."""

import secrets
from pathlib import Path

import pytest

from support.crash_run import Plan, crash_run
from support.engines import Engines

UPLOADS = 40


@pytest.mark.parametrize(
    ("broken", "points", "sign"),
    [
        ("", "relay.publish.after=0.2,consumer.unacked=0.1", ""),
        ("inbox", "relay.publish.after=0.2,consumer.unacked=0.1", "2 times"),
        ("confirm", "relay.publish.before=0.5", "never delivered"),
    ],
    ids=["nothing", "inbox", "confirm"],
)
def test_harness_when_a_safety_is_broken_then_goes_red(
    tmp_path: Path, fresh_engines: Engines | None, broken: str, points: str, sign: str
) -> None:
    """Without the inbox effects double, without confirms events vanish; with both the same kills do no harm."""
    # Without confirms files are lost on purpose, so nobody may wait for them.
    share = 0.0 if broken == "confirm" else 0.6
    plan = Plan(UPLOADS, points, broken=broken, kill_until_share=share, kills_least=1, engines=fresh_engines)
    report = crash_run(tmp_path, plan, secrets.randbits(32))
    assert report.points.total() >= 1, str(report)
    if sign:
        assert [wrong for wrong in report.wrong if sign in wrong], str(report)
    else:
        assert report.wrong == [], str(report)
