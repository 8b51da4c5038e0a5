"""`filemill models`, as a process of its own without a terminal: what it prints, how it ends, and what a kill leaves."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.model_files import FileServer, own_model, serving

FILES = {"model.onnx": bytes(range(256)) * 2000, "tokenizer.json": b"{}"}


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(FileServer(dict(FILES))) as running:
        yield running


class Shell:
    """A shell with a folder of models."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def models(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
        settings = {"FILEMILL_MODELS_DIR": str(self.folder), "FILEMILL_DATA_DIR": str(self.folder.parent)}
        return subprocess.run(
            [sys.executable, "-m", "filemill.cli", "models", *arguments],
            env=known | settings | {"FILEMILL_MODELS_FROM_LOOPBACK": "1"} | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def shell(tmp_path: Path, server: FileServer) -> Shell:
    own_model(tmp_path / "models", FILES, present=False, base_url=server.url)
    return Shell(tmp_path / "models")


@pytest.mark.parametrize("point", ["models.pull.written", "models.pull.checked"])
def test_pull_when_the_process_is_killed_then_the_next_one_goes_on(
    shell: Shell, server: FileServer, point: str
) -> None:
    """At no point is there a file under its name that was not checked; what came is not fetched again."""
    killed = shell.models("pull", "of-test", FILEMILL_TEST_CRASH=point)
    assert killed.returncode == -signal.SIGKILL
    assert "needs-download" in next(line for line in shell.models("list").stdout.splitlines() if "of-test" in line)
    assert not (shell.folder / "of-test" / "model.onnx").exists()
    ended = shell.models("pull", "of-test")
    assert (ended.returncode, ended.stdout.splitlines()[-1].split()) == (0, ["of-test", "is", "ready"])
    again = [wanted for name, wanted in server.asked[1:] if name == "model.onnx"]
    assert all(wanted and wanted != "bytes=0-" for wanted in again)
    assert shell.models("verify").returncode == 0


def test_models_when_something_is_wrong_then_one_line_and_status_one(shell: Shell, server: FileServer) -> None:
    """Wrong bytes, unknown ids, what cannot be pulled, a file that changed."""
    server.files["model.onnx"] = bytes(len(FILES["model.onnx"]))
    for arguments, said in (
        (("pull", "of-test"), "it was thrown away"),
        (("pull", "nothing"), "there is no model 'nothing'"),
        (("pull", "blip-base"), "no verified SHA-256"),
    ):
        ended = shell.models(*arguments)
        assert ended.returncode == 1
        assert said in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
    server.files = dict(FILES)
    assert shell.models("pull", "of-test").returncode == 0
    (shell.folder / "of-test" / "model.onnx").write_bytes(bytes(len(FILES["model.onnx"])))
    changed = shell.models("verify")
    assert changed.returncode == 1
    assert "SHA-256" in changed.stdout
    assert shell.models("pull", "of-test").returncode == 0
    assert shell.models("verify", "of-test").returncode == 0


def test_pin_when_no_hash_is_known_then_the_operators_own_are_kept_and_shown(shell: Shell, tmp_path: Path) -> None:
    """Nothing is fetched without a hash; with files that somebody brought, theirs are printed, kept and checked."""
    brought = tmp_path / "brought"
    brought.mkdir()
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        (brought / name).write_bytes(name.encode() * 100)
    assert "say --from FOLDER" in shell.models("pull", "rtdetr-r18", "--pin").stderr
    pinned = shell.models("pull", "rtdetr-r18", "--from", str(brought), "--pin")
    assert pinned.returncode == 0, pinned.stderr
    assert hashlib.sha256(b"config.json" * 100).hexdigest() in pinned.stdout
    assert shell.models("verify", "rtdetr-r18").returncode == 0
    (shell.folder / "rtdetr-r18" / "model.safetensors").write_bytes(b"model.safetensorx" * 100)
    changed = shell.models("verify", "rtdetr-r18")
    assert changed.returncode == 1
    assert "SHA-256" in changed.stdout
