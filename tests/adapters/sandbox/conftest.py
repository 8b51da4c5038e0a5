"""Started sandboxes: one that runs plans, and one whose entry does what a parser taken over by a hostile file would do."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.sandbox import Limits, Outcome, Sandbox
from filemill.processing.steps.run import ENTRY, PRELOAD

HOSTILE_FOLDER = Path(__file__).parent / "entries"

Attempt = Callable[..., Any]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A folder for work folders."""
    return tmp_path / "scratch"


@pytest.fixture
async def mill(scratch: Path) -> AsyncIterator[Sandbox]:
    """A started sandbox that runs plans."""
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=scratch)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def sandbox(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """A started sandbox with the hostile entry, stopped at the end."""
    monkeypatch.setenv("PYTHONPATH", str(HOSTILE_FOLDER))
    monkeypatch.setenv("FILEMILL_TEST_SECRET", "do-not-tell")
    started = Sandbox("hostile:attempt", scratch=scratch, ahead=True)  # as workers have it
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def attempt(sandbox: Sandbox, scratch: Path, tmp_path: Path) -> Attempt:
    """Run one named attempt in the sandbox and return its outcome."""
    source = tmp_path / "source.txt"
    source.write_text("the file in work")

    async def run(name: str, *, limits: Limits | None = None, **request: Any) -> Outcome:
        work_dir = scratch / os.urandom(4).hex()
        return await sandbox.run(
            {"name": name, **request}, source=source, work_dir=work_dir, limits=limits or Limits(wall_s=10, cpu_s=10)
        )

    return run
