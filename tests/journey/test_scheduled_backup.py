"""A real mill that backs itself up: at its first start, after a time that was missed, and from there everything comes back."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psutil

from filemill.local.backup import snapshots
from filemill.local.scheduled_backup import read_state, state_file
from support.mill import Mill, wait_for


def command(mill: Mill, *arguments: str, **changed: str) -> str:
    run = [sys.executable, "-m", "filemill.cli", *arguments]
    done = subprocess.run(run, env=mill.environment | changed, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def missed(mill: Mill) -> None:
    """As if the mill had been off for two days."""
    path = state_file(mill.data_dir)
    state = json.loads(path.read_text())
    for name in ("started_at", "ended_at", "succeeded_at"):
        state[name] = (datetime.fromisoformat(state[name]) - timedelta(days=2)).isoformat()
    path.write_text(json.dumps(state))


def test_mill_when_a_backup_is_scheduled_then_it_is_made_and_everything_comes_back(tmp_path: Path) -> None:
    """At low priority, while it runs; a killed one is started again; the doctor knows."""
    folder = tmp_path / "backup"
    mill = Mill(tmp_path / "data", FILEMILL_BACKUP_DIR=str(folder), FILEMILL_BACKUP_AT="03:00")
    mill.start()
    try:
        wait_for(lambda: read_state(mill.data_dir).succeeded_at, "the first backup", 60)
        assert len(snapshots(folder)) == 1
        with mill.client() as client:
            uploaded: httpx.Response = client.post("/api/upload/files", files={"file": ("a.txt", b"kept for good")})
            file_id = uploaded.raise_for_status().json()["file_id"]
        assert psutil.Process(mill.units()["backup"]["pid"]).nice() == 19
        mill.kill("backup")
        wait_for(lambda: mill.units()["backup"]["restarts"] == 1 and mill.all_running(), "the process to be back")
    finally:
        assert mill.stop() == 0, mill.said()
    missed(mill)
    mill.start()
    try:
        wait_for(lambda: len(snapshots(folder)) == 2, "the backup that was missed", 60)
        wait_for(lambda: read_state(mill.data_dir).succeeded_at, "its end")
        assert f"daily at 03:00 into {folder}; the last good one is of" in " ".join(command(mill, "doctor").split())
    finally:
        assert mill.stop() == 0, mill.said()
    new = tmp_path / "new"
    said = command(mill, "restore", str(folder), FILEMILL_DATA_DIR=str(new), FILEMILL_BACKUP_DIR="/nowhere")
    assert "all is well" in said
    again = Mill(new)
    again.start()
    try:
        with again.client() as client:
            assert client.get(f"/api/upload/files/{file_id}/content").content == b"kept for good"
    finally:
        assert again.stop() == 0, again.said()
