"""The clock: right where no fault can be, wrong by two minutes where one is on, and only there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from filemill.chassis import clock, faults


@pytest.fixture
def switches(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "faults.json"
    faults.take_switches(None)
    faults.name_process("")


def off_by() -> timedelta:
    """By how much it is wrong, to the minute; both faces of it say the same."""
    off = clock.now() - datetime.now(UTC)
    assert abs(clock.unix_s() - clock.now().timestamp()) < 10
    return timedelta(minutes=round(off.total_seconds() / 60))


@pytest.mark.parametrize(
    ("on", "minutes"),
    [({}, 0), ({"clock-ahead": []}, 2), ({"clock-behind": []}, -2), ({"clock-ahead": [], "clock-behind": []}, 0)],
)
def test_clock_when_a_fault_is_on_then_it_is_wrong_by_two_minutes(
    switches: Path, on: dict[str, list[str]], minutes: int
) -> None:
    """Ahead, back, and right again when both are on."""
    faults.write(switches, on)
    faults.take_switches(switches)
    assert off_by() == timedelta(minutes=minutes)


def test_clock_when_the_fault_is_for_another_process_then_it_is_right(switches: Path) -> None:
    """So two services can differ."""
    faults.write(switches, {"clock-ahead": ["metadata"]})
    faults.take_switches(switches)
    faults.name_process("upload")
    assert off_by() == timedelta(0)
    faults.name_process("metadata")
    assert off_by() == timedelta(minutes=2)


def test_clock_when_no_switches_lie_anywhere_then_it_is_right() -> None:
    """As in every installation that is none of a learner's."""
    assert not faults.possible()
    assert off_by() == timedelta(0)
