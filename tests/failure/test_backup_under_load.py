"""A backup of a mill that is at work: what was acknowledged before it began comes back, whole, and work goes on from there."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from support.engines import Engines
from support.mill import Mill, wait_for
from support.quiet import wait_until_quiet

CLIENTS = 2
PACE_S = 0.1
"""Between two uploads of a client: all of them are processed again at the end."""
AT_LEAST = 30
"""Files before the first backup, and again before the second."""


class Load:
    """Clients that upload for as long as it lasts; `acknowledged` maps file ids to what was sent."""

    def __init__(self, mill: Mill) -> None:
        self._mill = mill
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        self.acknowledged: dict[str, bytes] = {}
        self.refused: list[str] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def has_more(self, than: int) -> bool:
        """Whether so many more were acknowledged."""
        return len(self.acknowledged) >= than + AT_LEAST

    def _client(self, number: int) -> None:
        with self._mill.client() as client:
            at = 0
            while not self._over.wait(PACE_S):
                at += 1
                # Small bodies are rows of the local store, large ones files; some bytes are sent twice.
                body = b"client %d, file %d\n" % (number, at // 2) + (os.urandom(90_000) if at % 5 == 0 else b"")
                answer = client.post("/api/upload/files", files={"file": (f"{number}-{at}.txt", body)})
                if answer.status_code == 201:
                    self.acknowledged[answer.json()["file_id"]] = body
                else:
                    self.refused.append(answer.text)


def command(mill: Mill, *arguments: str) -> str:
    """Run an operator's command in the mill's environment; it must end well."""
    run = [sys.executable, "-m", "filemill.cli", *arguments]
    done = subprocess.run(run, env=mill.environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def missing(client: httpx.Client, wanted: dict[str, bytes]) -> list[str]:
    """Those that are not there, or not as they were sent."""
    return [
        file_id
        for file_id, body in wanted.items()
        if client.get(f"/api/upload/files/{file_id}/content").content != body
    ]


@pytest.mark.slow
def test_backup_when_files_keep_coming_then_all_that_was_acknowledged_before_it_comes_back(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """Two backups into one folder while clients upload; the second is restored on an empty machine with embedded engines."""
    old, new = Mill(tmp_path / "old", fresh_engines), Mill(tmp_path / "new")
    old.start()
    try:
        with Load(old) as load:
            for _ in range(2):
                have = len(load.acknowledged)
                wait_for(lambda have=have: load.has_more(have), "uploads before the backup", 120)  # type: ignore[misc]
                before = dict(load.acknowledged)
                command(old, "backup", str(tmp_path / "backup"))
                during = len(load.acknowledged) - len(before)
        assert load.refused == []
        assert during > 0, "nobody uploaded while the backup was made"
    finally:
        assert old.stop() == 0, old.said()
    assert "all is well" in command(new, "restore", str(tmp_path / "backup"))
    new.start()
    try:
        wait_until_quiet(new, 180)
        with new.client() as client:
            assert missing(client, before) == []
            for file_id in before:
                assert client.get(f"/api/metadata/files/{file_id}").json()["status"] == "processed"
    finally:
        assert new.stop() == 0, new.said()
    assert "all is well" in command(new, "verify")
