"""Every command in the documents is run, or its document says why not; each document in one shell, from top to bottom."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from journey.conftest import TEST_DATA
from support.callers import Callers, make_key
from support.guide_blocks import ROOT, Block, blocks, with_ids
from support.mill import Mill, wait_for

BLOCKS = list(blocks())
FUNCTIONS = """
set -euo pipefail
curl() { command curl --fail-with-body --silent --show-error "$@"; }
"""
"""A call that is refused must fail the document."""
Shell = Callable[[Mill, list[Block], dict[str, str]], None]


def of(mark: str) -> list[Path]:
    """The documents with blocks so marked."""
    return sorted({block.path for block in BLOCKS if block.mark == mark})


@pytest.fixture
def run(tmp_path: Path) -> Shell:
    """Runs the blocks of a document in a folder with the samples; `words` takes the place of words in them."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")

    def run(mill: Mill, chosen: list[Block], words: dict[str, str]) -> None:
        shutil.copytree(TEST_DATA, tmp_path / "test_data")
        shutil.copy(TEST_DATA / "invoice.pdf", tmp_path / "report.pdf")
        (tmp_path / ".venv").symlink_to(ROOT / ".venv")
        script = FUNCTIONS
        for block in chosen:
            script += f"\necho '--- {block.place}' >&2\n{block.script()}"
        script = re.sub(r"http://(localhost|127\.0\.0\.1):8080", mill.url, with_ids(script, words["FILE_ID"]))
        for word, meant in words.items():
            script = script.replace(word, meant)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={
                **{name: value for name, value in mill.environment.items() if name != "FILEMILL_KEY"},
                "FILEMILL_URL": mill.url,
                "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
                "XDG_STATE_HOME": str(tmp_path),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"

    return run


def test_block_when_it_has_commands_then_it_says_whether_they_are_run() -> None:
    """A command that nobody runs is wrong one day, and nobody notices; so its reason must stand there."""
    assert len(BLOCKS) >= 25
    silent = [block.place for block in BLOCKS if block.mark is None]
    assert silent == [], "say <!-- run --> or <!-- not run: why --> in the line before"
    for block in BLOCKS:
        assert block.mark is not None
        assert re.fullmatch(r"run|run with keys|not run: .{10,}", block.mark), (block.place, block.mark)
    assert sum(block.mark.startswith("run") for block in BLOCKS if block.mark) >= 12


@pytest.mark.parametrize("path", of("run"), ids=lambda path: path.stem)
def test_document_when_its_commands_are_typed_then_each_does_what_it_is_there_for(
    mill: Mill, client: httpx.Client, run: Shell, path: Path
) -> None:
    """On a mill as it comes."""
    files = {"file": ("server.log", b"A log of a server, for the rule.")}
    file_id = client.post("/api/upload/files", files=files, data={"tags": "log"}).raise_for_status().json()["file_id"]
    wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").status_code == 200, "the file to be known")
    chosen = [block for block in BLOCKS if block.path == path and block.mark == "run"]
    run(mill, chosen, {"FILE_ID": file_id, "REQUEST_ID": _request_of(client)})


def _request_of(client: httpx.Client) -> str:
    """The id of a request that was answered."""
    return str(client.get("/api/upload/stats").headers["x-request-id"])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that asks for keys."""
    mill = Mill(tmp_path_factory.mktemp("guarded") / "data", FILEMILL_AUTH="keys")
    try:
        yield mill.start()
    finally:
        assert mill.stop() == 0, mill.said()


@pytest.mark.parametrize("path", of("run with keys"), ids=lambda path: path.stem)
def test_document_when_it_is_about_callers_then_its_commands_work_with_a_key(
    guarded: Mill, client_with: Callers, run: Shell, path: Path
) -> None:
    """As `ann`, who has a file and a key to lose."""
    key, spare = make_key(guarded, "ann", "files:read", "files:write", "admin"), make_key(guarded, "ann")
    ann = client_with(guarded, key["key"])
    file_id = (
        ann.post("/api/upload/files", files={"file": ("a.txt", b"Ann's own.")}).raise_for_status().json()["file_id"]
    )
    words = {
        "FILE_ID": file_id,
        "fm_…": key["key"],
        "KEY_ID": spare["key_id"],
        "LINK_ID": f'$(filemill shares list {file_id} --json | sed -n \'1s/.*"share_id": *"\\([^"]*\\)".*/\\1/p\')',
    }
    run(guarded, [block for block in BLOCKS if block.path == path and block.mark == "run with keys"], words)
