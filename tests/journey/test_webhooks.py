"""Webhooks as the guide has them: its receiver as it stands, and the commands a person types."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from journey.conftest import Upload
from support.mill import Mill, wait_for
from support.servers.ports import free_ports

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "webhooks.md"
[PROGRAM] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


class Shell:
    """Runs `filemill webhooks …`."""

    def __init__(self, mill: Mill) -> None:
        self._environment = mill.environment | {"FILEMILL_URL": mill.url, "COLUMNS": "200"}

    def __call__(self, *arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "filemill.cli", "webhooks", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def shell(mill: Mill) -> Iterator[Shell]:
    made = Shell(mill)
    yield made
    for line in made("list", "--json").splitlines():
        made("remove", json.loads(line)["webhook_id"])


def test_guide_when_its_receiver_runs_then_it_hears_of_an_upload_and_believes_it(
    mill: Mill, shell: Shell, upload: Upload, tmp_path: Path
) -> None:
    """From `webhooks add` to the event in the receiver's output, then all that the commands show of it."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/hook"
    made = json.loads(shell("add", url, "--event", "file.uploaded", "--json"))
    hook_id, output = made["webhook_id"], tmp_path / "out"
    assert url in shell("list")
    shell("test", hook_id, status=1)  # nobody listens yet
    environment = mill.environment | {"WEBHOOK_SECRET": made["secret"], "PORT": str(port)}
    with output.open("w") as out:
        receiver = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=out, stderr=out)
    try:
        wait_for(lambda: _taken(shell, hook_id), "the receiver to take a test", 30, every_s=0.2)
        file_id = upload("hook.txt", b"words for a webhook")["file_id"]
        wait_for(lambda: f"file.uploaded {file_id}" in output.read_text(), "the receiver to hear of it")
        wait_for(lambda: "done" in shell("deliveries", hook_id, "--state", "done"), "the log to say so")
        [line] = [
            one
            for one in map(json.loads, shell("deliveries", hook_id, "--json").splitlines())
            if one["type"] == "file.uploaded"
        ]
        assert "queued again" in shell("replay", line["delivery_id"])
        wait_for(lambda: _cause(shell, hook_id, line["delivery_id"]) == "replay", "the replay to be sent")
        assert output.read_text().count(f"file.uploaded {file_id}") == 1, "the replay was not recognised by its id"
        assert "0 queued again" in shell("replay", "--failed-of", hook_id)
    finally:
        receiver.terminate()
        receiver.wait(10)
    assert "off" in shell("enable", hook_id, "--off")
    assert "deleted" in shell("remove", hook_id)
    assert hook_id not in shell("list")


def _taken(shell: Shell, hook_id: str) -> bool:
    try:
        shell("test", hook_id)
    except AssertionError:
        return False
    return True


def _cause(shell: Shell, hook_id: str, delivery_id: str) -> str:
    for line in shell("deliveries", hook_id, "--json").splitlines():
        one = json.loads(line)
        if one["delivery_id"] == delivery_id and one["state"] == "done":
            return str(one["cause"])
    return ""
