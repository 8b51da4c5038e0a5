"""What a unit of the mill gets from the fork."""

import os
import select
import signal

from filemill.local.runner import MEMBERS
from filemill.local.units import Unit, fork_unit


def test_unit_when_it_is_behind_then_it_leaves_the_processor_to_the_others() -> None:
    """By as much as its unit says, counted from the runner's own place."""
    unit = Unit("behind", lambda report: report.ready(str(os.nice(0))), nice=3)
    pid, reports = fork_unit(unit, [])
    try:
        assert select.select([reports], [], [], 10)[0]
        assert os.read(reports, 100).decode().split() == ["ready", str(os.nice(0) + 3)]
    finally:
        os.close(reports)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_members_when_the_processors_do_not_suffice_then_the_door_is_served_before_the_work_behind_it() -> None:
    """Who is refused must hear of it at once, and who uploads waits for no thumbnail."""
    nice = {member.name: member.nice for member in MEMBERS}
    assert nice["gateway"] == nice["access"] == 0
    assert 0 < nice["upload"] == nice["metadata"] < nice["processing"] == nice["ai"] == nice["notification"]
    assert nice["notification"] < nice["processing-worker"] == nice["ai-worker"]
