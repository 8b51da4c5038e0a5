"""Crashes that load does not reach: in the middle of the first start, of a stop, of a long job."""

import os
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from support import crash_names
from support.audit import deliveries, leftovers, lives
from support.engines import EmbeddedEngines
from support.mill import Mill, wait_for
from support.quiet import wait_until_quiet


@pytest.fixture
def kills(tmp_path: Path) -> Path:
    """The log of kills at named points."""
    return tmp_path / "kills.log"


def _mill(folder: Path, kills: Path, points: str, **more: str) -> Mill:
    return Mill(
        folder / "data",
        **more,
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
        assert EmbeddedEngines(tmp_path / "data").integrity() == []
    finally:
        mill.stop()


LONG_JOB = sorted(point for point in crash_names.SELDOM if point.startswith("jobs."))


@pytest.mark.slow
@pytest.mark.parametrize("point", LONG_JOB)
def test_long_job_when_killed_while_it_is_stopped_then_ends_all_the_same(
    tmp_path: Path, kills: Path, point: str
) -> None:
    """A job that hangs is cancelled, or its worker asked to stop, and that is where the kill comes."""
    mill = _mill(tmp_path, kills, f"{point}=1")
    try:
        mill.start()
        _stop_sandbox(mill, "processing-worker")
        with mill.client() as client:
            file = client.post("/api/upload/files", files={"file": ("long.txt", b"a long job")}).json()
            job_id = wait_for(lambda: _running_job(mill, file["file_id"]), "the job to run")
            if "give-back" in point:
                os.kill(mill.units()["processing-worker"]["pid"], signal.SIGTERM)
            else:
                wait_for(lambda: _cancel(client, job_id) and _count(kills), f"a kill at {point}", 60, 0.2)
        wait_for(lambda: _count(kills), f"a kill at {point}", 60)
        kills.with_name("kills.log.over").touch()
        wait_until_quiet(mill, 90)
        states = mill.rows("processing", "SELECT state FROM jobs WHERE job_id = ?", job_id)
        assert states in ([("done",)], [("cancelled",)])
        assert [*lives(mill), *deliveries(mill), *leftovers(mill), *mill.engines.integrity()] == []
    finally:
        mill.stop()


@pytest.mark.slow
@pytest.mark.parametrize("point", ["ai.deadline.in-tx", "ai.deadline.committed"])
def test_analysis_when_killed_at_its_deadline_then_is_unavailable_with_a_reason(
    tmp_path: Path, kills: Path, point: str
) -> None:
    """A file that is never processed is told to be without analysis, once, whenever ai dies."""
    mill = _mill(tmp_path, kills, f"{point}=1", FILEMILL_ANALYSIS_DEADLINE_S="1")
    try:
        mill.start()
        worker = mill.units()["processing-worker"]["pid"]
        os.kill(worker, signal.SIGSTOP)
        with mill.client() as client:
            file = client.post("/api/upload/files", files={"file": ("late.txt", b"never processed")}).json()
        wait_for(lambda: _count(kills), f"a kill at {point}", 60)
        kills.with_name("kills.log.over").touch()
        query = "SELECT analysis, json_extract(analysis_reason, '$.code') FROM documents WHERE file_id = ?"
        told = ("unavailable", "analysis-deadline")
        wait_for(lambda: mill.rows("metadata", query, file["file_id"]) == [told], "the end of the analysis", 60)
        os.kill(worker, signal.SIGCONT)
        wait_until_quiet(mill, 90)
        assert [*lives(mill), *deliveries(mill), *leftovers(mill), *mill.engines.integrity()] == []
        assert mill.rows("metadata", "SELECT status, analysis FROM documents") == [("processed", "done")]
    finally:
        mill.stop()


def _stop_sandbox(mill: Mill, unit: str) -> None:
    """Freeze what runs the files of a worker, so that its next job hangs."""
    (zygote,) = psutil.Process(mill.units()[unit]["pid"]).children()
    zygote.suspend()


def _running_job(mill: Mill, file_id: str) -> str | None:
    rows = mill.rows("processing", "SELECT job_id FROM jobs WHERE file_id = ? AND state = 'running'", file_id)
    return rows[0][0] if rows else None


def _cancel(client: httpx.Client, job_id: str) -> bool:
    """Ask; whoever is asked may be killed by it."""
    answer = client.post(f"/api/processing/jobs/{job_id}/cancel")
    return answer.status_code in (202, 409, 502, 503)
