"""Every command of every chapter of the course runs as it stands, on a mill that has been through the chapters before."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from filemill.chassis import faults
from support.mill import Mill
from support.programs import Require

ROOT = Path(__file__).parents[2]
COURSE = ROOT / "docs" / "course"
CHAPTERS = sorted(path.name for path in COURSE.glob("[0-9]*.md"))
CHAPTER_S = 300.0


def commands(chapter: str) -> str:
    """What stands in its blocks `sh`, in order. Blocks `console` are for reading."""
    return "\n".join(re.findall(r"```sh\n(.*?)```", (COURSE / chapter).read_text(encoding="utf-8"), re.DOTALL))


@pytest.fixture(scope="module")
def learners_mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """One mill for the whole course."""
    mill = Mill(tmp_path_factory.mktemp("course") / "data", FILEMILL_RESTART_PAUSE_MOST_S="0.5")
    try:
        yield mill.start()
    finally:
        assert mill.stop() == 0, mill.said()


@pytest.mark.parametrize("chapter", [name for name in CHAPTERS if commands(name)])
def test_chapter_when_its_commands_are_run_then_each_does_what_it_says(
    learners_mill: Mill, require: Require, chapter: str, tmp_path: Path
) -> None:
    """A command that fails ends the chapter; at its end no fault is on, and what it left in the background ends."""
    if ".venv-grpc" in commands(chapter) and not (ROOT / ".venv-grpc" / "stamp").exists():
        require.missing("make grpc makes the example's environment and its messages")
    environment = learners_mill.environment | {
        "FILEMILL_URL": learners_mill.url,
        "XDG_STATE_HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    said = tmp_path / "said"
    try:
        with said.open("wb") as out:
            chapter_shell = subprocess.Popen(
                ["bash", "-x", "-euo", "pipefail", "-c", commands(chapter)],
                cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        try:
            status = chapter_shell.wait(CHAPTER_S)
        except subprocess.TimeoutExpired:
            chapter_shell.kill()
            status = chapter_shell.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(chapter_shell.pid, signal.SIGKILL)
        assert status == 0, said.read_text(errors="replace")[-4000:]
        assert faults.read(learners_mill.data_dir / "run" / "faults.json") == {}
    finally:
        faults.write(learners_mill.data_dir / "run" / "faults.json", {})


def test_course_when_a_chapter_is_listed_then_it_is_there_and_every_chapter_is_listed() -> None:
    """And each has the same parts."""
    listed = re.findall(r"\]\((\d\d-[a-z-]+\.md)\)", (COURSE / "README.md").read_text(encoding="utf-8"))
    assert listed == CHAPTERS
    for chapter in CHAPTERS:
        titles = re.findall(r"^## (.+)$", (COURSE / chapter).read_text(encoding="utf-8"), re.MULTILINE)
        assert titles[:2] == ["The problem", "The pattern here"], chapter
        assert titles[-2:] == ["Break it", "Questions"], chapter


@pytest.mark.parametrize("chapter", ["README.md", *CHAPTERS])
def test_chapter_when_it_links_to_a_file_then_that_is_there(chapter: str) -> None:
    """Code moves; a link that leads nowhere teaches nothing."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (COURSE / chapter).read_text(encoding="utf-8")):
        assert "://" in target or (COURSE / target).exists(), target
