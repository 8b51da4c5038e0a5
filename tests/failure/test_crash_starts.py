"""Crashes that load does not reach: in the middle of the first start, of a stop, of a long job."""

from pathlib import Path

import pytest

from support.audit import integrity
from support.mill import Mill, wait_for


@pytest.fixture
def kills(tmp_path: Path) -> Path:
    """The log of kills at named points."""
    return tmp_path / "kills.log"


def _mill(folder: Path, kills: Path, points: str) -> Mill:
    return Mill(
        folder / "data",
        FILEMILL_TEST_CRASH=points,
        FILEMILL_TEST_CRASH_LOG=str(kills),
        FILEMILL_RESTART_PAUSE_MOST_S="0.5",
    )


def _count(kills: Path) -> int:
    return len(kills.read_text(encoding="ascii").split()) if kills.exists() else 0


def test_first_start_when_killed_inside_a_migration_then_the_next_one_begins_again(tmp_path: Path, kills: Path) -> None:
    """A schema is there whole or not at all: nobody meets half of one and cannot start any more."""
    mill = _mill(tmp_path, kills, "migrate.in-tx=1")
    try:
        mill.begin()
        wait_for(lambda: _count(kills) >= 5, "five kills", 30)
        kills.with_name("kills.log.over").touch()
        wait_for(mill.is_ready, "the mill to be ready", 60)
        assert integrity(tmp_path / "data") == []
    finally:
        mill.stop()
