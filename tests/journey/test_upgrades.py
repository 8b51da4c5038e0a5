"""An installation of each kept version, brought up to date by the code of today: no row and no byte is lost."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from filemill.chassis.settings import PORTS
from support import kept_installation as kept
from support.mill import Mill

SERVICES = sorted(set(PORTS) - {"gateway"})
MOVED: dict[tuple[str, str], set[str]] = {}
"""(database, table) -> columns that a later migration has moved elsewhere, each with a test of its own that says where to."""


def command(mill: Mill, *arguments: str) -> str:
    run = [sys.executable, "-m", "filemill.cli", *arguments]
    done = subprocess.run(run, env=mill.environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("version", kept.versions())
def test_upgrade_when_its_schemas_are_brought_up_to_date_then_every_row_is_as_it_was(
    version: str, tmp_path: Path
) -> None:
    """Of every table of every service, by the columns of then; and `verify` hashes every byte. Nothing was started yet."""
    data_dir = kept.unpack(version, tmp_path)
    wanted = {
        place: [name for name in names if name not in MOVED.get(place, ())]
        for place, names in kept.columns(data_dir).items()
    }
    before = kept.rows(data_dir, wanted)
    assert len([place for place, rows in before.items() if rows]) >= 20
    mill = Mill(data_dir)
    command(mill, "migrate", *SERVICES)
    assert kept.lost(before, kept.rows(data_dir, wanted)) == []
    assert "all is well" in command(mill, "verify")

    with sqlite3.connect(data_dir / "databases" / "metadata.db") as connection:
        connection.execute("DELETE FROM timeline WHERE rowid = (SELECT max(rowid) FROM timeline)")
    connection.close()
    [row] = kept.lost(before, kept.rows(data_dir, wanted))
    assert row.startswith("metadata.timeline: ")


@pytest.mark.parametrize("version", kept.versions())
def test_upgrade_when_the_mill_is_started_then_a_user_sees_every_file_as_it_was(version: str, tmp_path: Path) -> None:
    """Names, states, tags, words and bytes; a search finds what it found."""
    mill = Mill(kept.unpack(version, tmp_path))
    said = kept.expected(version)
    assert said["version"] == version
    try:
        mill.start()
        with mill.client() as client:
            assert {file_id: kept.what_a_user_sees(client, file_id) for file_id in said["files"]} == said["files"]
            listed = client.get("/api/upload/files?limit=500").json()["items"]
            assert {one["file_id"] for one in listed} == set(said["files"])
            found = client.get("/api/metadata/files", params={"q": "heron"}).json()["items"]
            assert [one["filename"] for one in found] == ["notes.txt"]
    finally:
        assert mill.stop() == 0, mill.said()
