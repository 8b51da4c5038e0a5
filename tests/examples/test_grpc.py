"""The gRPC example, by its own client and its own environment (`make grpc`), over a real mill."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mill import Mill, wait_for

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "grpc"
PYTHON = ROOT / ".venv-grpc" / "bin" / "python"
if not (EXAMPLE / "files_pb2.py").exists():
    pytest.skip("make grpc makes its environment and its messages", allow_module_level=True)


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
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    folder = tmp_path_factory.mktemp("grpc")
    mill = Mill(folder / "data")
    try:
        example = Example(mill.start(), folder)
        yield example
        example.process.terminate()
        assert example.process.wait(20) in (0, -15)
    finally:
        mill.stop()


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
    """A file that is none; an id that is none; health and reflection."""
    assert example.ask("show", "019a0000-0000-7000-8000-000000000000", status=1).startswith("NOT_FOUND")
    assert example.ask("show", "nonsense", status=1).startswith(("NOT_FOUND", "INVALID_ARGUMENT"))
    assert example.ask("health") == "SERVING\n"
    assert "filemill.files.v1.Files: GetFile, Search" in example.ask("list")


def test_measurement_when_run_then_prints_three_lines(example: Example) -> None:
    """REST beside gRPC."""
    with example.mill.client() as client:
        file_id = client.post("/api/upload/files", files={"file": ("m.txt", b"measured")}).json()["file_id"]
        wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").is_success, "the file to be known")
    metadata = f"http://127.0.0.1:{example.mill.ports['metadata']}"
    command = [str(PYTHON), str(EXAMPLE / "measure.py"), file_id, "--metadata", metadata, "--address", example.address]
    done = subprocess.run([*command, "--calls", "100"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["a", "its", "reading"]
