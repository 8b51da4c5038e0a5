"""The gRPC example, by its own client and its own environment (`make grpc`), over a real mill."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mill import Mill, wait_for
from support.programs import Require

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "grpc"
PYTHON = ROOT / ".venv-grpc" / "bin" / "python"
NOBODYS = "019a0000-0000-7000-8000-000000000000"


class Example:
    """A server of the example, and its client."""

    def __init__(self, mill: Mill, folder: Path) -> None:
        self.mill, self._out = mill, folder / "server.out"
        with self._out.open("wb") as out:
            metadata = f"http://127.0.0.1:{mill.ports['metadata']}"
            command = [str(PYTHON), str(EXAMPLE / "server.py"), "--port", "0", "--metadata", metadata]
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        wait_for(lambda: "ready at" in self.said(), "the example to be ready")
        self.address = self.said().split()[-1]

    def said(self) -> str:
        return self._out.read_text()

    def ask(self, *words: str, status: int = 0) -> str:
        """What the client printed."""
        command = [str(PYTHON), str(EXAMPLE / "client.py"), "--address", self.address, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def example(require: Require, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    if not (EXAMPLE / "files_pb2.py").exists():
        require.missing("make grpc makes the example's environment and its messages")
    folder = tmp_path_factory.mktemp("grpc")
    mill = Mill(folder / "data")
    try:
        example = Example(mill.start(), folder)
        yield example
        example.process.terminate()
        assert example.process.wait(20) in (0, -15)
    finally:
        mill.stop()


def switch(mill: Mill, *words: str) -> None:
    """`filemill fault`."""
    command = [sys.executable, "-m", "filemill.cli", "fault", *words]
    subprocess.run(command, env=mill.environment, check=True, capture_output=True, timeout=60)


def test_file_when_asked_by_grpc_then_it_is_what_rest_says(example: Example) -> None:
    """Every field that the message has; a search finds it, too."""
    with example.mill.client() as client:
        sent = client.post("/api/upload/files", files={"file": ("quokka.txt", b"A quokka in the reeds.")}).json()
        file_id = sent["file_id"]

        def processed() -> bool:
            return bool(client.get(f"/api/metadata/files/{file_id}").json()["status"] == "processed")

        wait_for(processed, "the file to be processed", 60)
        rest = client.get(f"/api/metadata/files/{file_id}").json()
    said = json.loads(example.ask("show", file_id))
    assert (said["fileId"], said["sha256"], said["status"]) == (file_id, rest["sha256"], "processed")
    assert int(said["sizeBytes"]) == rest["size"]
    assert said["properties"].keys() == rest["properties"].keys()
    wait_for(lambda: file_id in example.ask("search", "quokka"), "the file to be found")


def test_errors_when_metadata_has_one_then_grpc_has_its_own_word_for_it(example: Example) -> None:
    """A file that is none; health and reflection."""
    assert example.ask("show", NOBODYS, status=1).startswith("NOT_FOUND")
    assert example.ask("health") == "SERVING\n"
    assert "filemill.files.v1.Files: GetFile, Search" in example.ask("list")


@pytest.mark.parametrize("file_id", ["nonsense", "", "../livez", f"{NOBODYS}/audit", f"{NOBODYS}?a=b", "a\nb", "ä"])
def test_id_when_it_is_none_then_it_is_no_path_either(example: Example, file_id: str) -> None:
    """What a caller writes goes into an address: it must not choose another one."""
    assert example.ask("show", file_id, status=1).startswith(("NOT_FOUND", "INVALID_ARGUMENT"))


def test_search_when_it_has_no_words_then_everything_is_found_up_to_the_limit(example: Example) -> None:
    """As by REST."""
    with example.mill.client() as client:
        file_id = client.post("/api/upload/files", files={"file": ("e.txt", b"every one")}).json()["file_id"]
    wait_for(lambda: file_id in example.ask("search"), "the file to be listed")


def test_metadata_when_its_database_is_away_then_grpc_says_unavailable_and_then_knows_again(example: Example) -> None:
    """The status that tells a client to come again."""
    switch(example.mill, "database-down", "on", "--only", "metadata")
    try:
        wait_for(lambda: "UNAVAILABLE" in example.ask("show", NOBODYS, status=1), "the fault to be seen")
    finally:
        switch(example.mill, "all", "off")
    wait_for(lambda: "NOT_FOUND" in example.ask("show", NOBODYS, status=1), "metadata to know again")


def test_measurement_when_run_then_prints_four_lines(example: Example) -> None:
    """REST beside gRPC."""
    with example.mill.client() as client:
        file_id = client.post("/api/upload/files", files={"file": ("m.txt", b"measured")}).json()["file_id"]
        wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").is_success, "the file to be known")
    metadata = f"http://127.0.0.1:{example.mill.ports['metadata']}"
    command = [str(PYTHON), str(EXAMPLE / "measure.py"), file_id, "--metadata", metadata, "--address", example.address]
    done = subprocess.run([*command, "--calls", "100"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["a", "a", "the", "reading"]
    assert done.stdout.count("x, CPU ") == 3
