"""`filemill prepare`: every schema, as soon as the engines answer; what it waits for is said once."""

import os
from pathlib import Path

import pytest

from filemill.chassis.errors import StartError
from filemill.cli.prepare import prepare
from support.servers.ports import free_ports


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A data folder of its own and no engine."""
    for name in [name for name in os.environ if name.startswith(("FILEMILL_", "DATABASE_URL", "STORAGE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path))


def test_prepare_when_it_is_asked_twice_then_each_schema_is_there_and_nothing_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It runs at each start of the containers."""
    prepare(0)
    first = capsys.readouterr().out
    assert first.count(" at revision ") == 6
    prepare(0)
    assert capsys.readouterr().out == first


def test_prepare_when_the_database_comes_late_then_it_waits_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engines start beside it. Here the third look finds the embedded engine."""
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:hush@127.0.0.1:{free_ports(1)[0]}/x")
    looked: list[float] = []

    def sleep(pause_s: float) -> None:
        looked.append(pause_s)
        if len(looked) == 2:
            monkeypatch.delenv("DATABASE_URL")

    prepare(3600, sleep)
    said = capsys.readouterr().out
    assert len(looked) == 2
    assert said.count("waiting: DATABASE_URL") == 1
    assert "hush" not in said
    assert said.count(" at revision ") == 6


def test_prepare_when_its_patience_is_over_then_the_last_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The container ends with a status, and is started again."""
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:hush@127.0.0.1:{free_ports(1)[0]}/x")
    with pytest.raises(StartError, match=r"^DATABASE_URL"):
        prepare(0)
