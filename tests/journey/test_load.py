"""The load test: it says what it saw, fails by its thresholds, and leaves alone what is not ours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mill import Mill


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    mill = Mill(tmp_path_factory.mktemp("load") / "data")
    try:
        yield mill.start()
    finally:
        mill.stop()


def load(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "filemill.cli", "load", *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, timeout=300
    )


QUICK = ("--users", "3", "--duration", "25", "--think", "0.2-0.5", "--sizes", "small=9,medium=1", "--settle", "200")
LENIENT = ("--upload-p95", "60000", "--read-p95", "60000")


def test_load_when_behind_the_gateway_then_every_file_is_followed_to_its_end(mill: Mill, tmp_path: Path) -> None:
    """Uploads of each kind, lists, reads, searches; none failed, none lost; a page with the verdict and Locust's charts."""
    done = load(tmp_path, "--host", mill.url, *QUICK, *LENIENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass  files lost: 0 of " in done.stdout
    assert "FAIL" not in done.stdout
    page = (tmp_path / "load-report.html").read_text()
    assert "filemill load: passed" in page
    assert "echarts" in page
    accepted = int(done.stdout.split("files accepted: ")[1].split()[0])
    rows = mill.rows("upload", "SELECT count(*), count(DISTINCT sha256), sum(status = 'processed') FROM files")
    assert rows == [(accepted, accepted, accepted)]  # each is another file, and each was processed


def test_load_when_straight_at_upload_then_it_does_without_a_gateway(mill: Mill, tmp_path: Path) -> None:
    """The call of the first course week: `--host=http://localhost:8000`. A threshold that is missed is an exit status."""
    url = f"http://127.0.0.1:{mill.ports['upload']}"
    done = load(tmp_path, "--host", url, *QUICK, "--upload-p95", "0.001", "--read-p95", "60000", "--report", "x.html")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAIL  upload, p95" in done.stdout
    assert "pass  files lost: 0 of " in done.stdout
    assert "filemill load: FAILED" in (tmp_path / "x.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--host", "http://192.0.2.7:8080"), "--beyond-this-machine"),
        (("--host", "localhost:8080"), "is no address"),
        (("--host", "http://127.0.0.1:1", "--duration", "5"), "neither a gateway of filemill nor its upload service"),
        (("--host", "http://127.0.0.1:1", "--sizes", "huge=1"), "'huge' in 'huge=1'"),
        (("--host", "http://127.0.0.1:1", "--think", "long"), "'long'"),
        (("--users", "100000"), "1000"),
    ],
)
def test_load_when_it_cannot_or_must_not_start_then_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Nothing is sent, nothing is written."""
    done = load(tmp_path, *arguments)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
