"""What a container runs: it starts one service, migrates it, or says whether it is well; what is wrong is one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from filemill.chassis import entry
from support.servers.ports import free_ports


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder of its own, and a port that nobody has."""
    for name in [name for name in os.environ if name.startswith("FILEMILL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FILEMILL_UPLOAD_PORT", str(free_ports(1)[0]))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "there is no service ''"),
        (["run", "nothing"], "there is no service 'nothing'"),
        (["run", "upload", "--worker"], "upload has no worker"),
        (["run", "metadata", "--workers", "2"], "metadata has no worker"),
        (["migrate", "nothing"], "there is no service 'nothing'"),
        (["well", "upload"], "no answer on port"),
        (["well", "processing", "--worker"], "the worker is not ready"),
    ],
)
def test_entry_when_it_cannot_then_one_line_says_why(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """The container's log is read by a person."""
    assert entry.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert words in said
    assert said.count("\n") == 1


def test_entry_when_no_service_is_named_then_the_image_s_own_is_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each image says in its environment what it is."""
    monkeypatch.setenv("FILEMILL_IMAGE", "notification")
    assert entry.main(["migrate"]) == 0
    assert capsys.readouterr().out.startswith("notification at revision ")


def test_entry_when_the_service_s_folder_is_gone_then_it_says_that_images_carry_one(tmp_path: Path) -> None:
    """The wrong image for a service is a common mistake in a list of containers."""
    code = (
        "import sys\n"
        "class Gone:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == 'filemill.upload': raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Gone)\n"
        "from filemill.chassis.entry import main\n"
        "sys.exit(main(['run', 'upload']))\n"
    )
    environment = os.environ | {"FILEMILL_DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert (
        done.stderr == "error: filemill.upload.main is not part of this installation; each image carries one service\n"
    )


def test_migrate_when_it_is_patient_then_it_waits_for_the_engine_and_says_for_what(tmp_path: Path) -> None:
    """Where containers start in any order, it is there before its database."""
    database = f"postgresql://u:hush@127.0.0.1:{free_ports(1)[0]}/x"
    environment = os.environ | {"FILEMILL_DATA_DIR": str(tmp_path), "DATABASE_URL": database}
    command = [sys.executable, "-m", "filemill.chassis.entry", "migrate", "upload", "--patience", "3600"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        said = waiting.stdout.readline()
        waiting.terminate()
    assert said.startswith("waiting: DATABASE_URL")
    assert "hush" not in said
