"""What `move` refuses, each with one line that names the variable or the file."""

import asyncio
from pathlib import Path

import pytest

from filemill.chassis.errors import StartError
from filemill.cli.move import move_installation
from filemill.local.environment import environment, read_env_file
from filemill.local.run_folder import RunFolder
from support.small_installation import fill


@pytest.fixture
def to_env(tmp_path: Path) -> Path:
    return tmp_path / "production.env"


def test_move_when_the_mill_runs_then_refuses(data_dir: Path, to_env: Path) -> None:
    """Rows that change while they are copied would be half of two states."""
    asyncio.run(fill(data_dir, 1))
    to_env.write_text(f"FILEMILL_DATA_DIR={data_dir.with_name('new')}\n")
    folder = RunFolder(data_dir)
    folder.claim()
    with pytest.raises(StartError, match="stop it first"):
        move_installation(to_env, resume=False)
    folder.release()


def test_move_when_the_file_names_nothing_else_then_refuses(data_dir: Path, to_env: Path) -> None:
    """Copying an installation onto itself is a mistake."""
    asyncio.run(fill(data_dir, 1))
    to_env.write_text("FILEMILL_LOG_FORMAT=json\n")
    with pytest.raises(StartError, match="names no other place"):
        move_installation(to_env, resume=False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("STORAGE_URL=file:///proc/nobody/can", "^STORAGE_URL: the folder /proc/nobody/can cannot be made"),
        ("DATABASE_URL=postgresql://filemill:secret@127.0.0.1:1/mill", "^DATABASE_URL.*127.0.0.1:1/mill.*cannot be reached"),
        ("DATABASE_URL=mysql://x/y", "^DATABASE_URL: it begins with mysql://"),
    ],
)  # fmt: skip
def test_move_when_a_target_cannot_be_reached_then_one_line_names_the_variable(
    data_dir: Path, to_env: Path, line: str, said: str
) -> None:
    """And no password is in it."""
    asyncio.run(fill(data_dir, 1))
    to_env.write_text(line + "\n")
    with pytest.raises(StartError, match=said) as refused:
        move_installation(to_env, resume=False)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_move_when_only_the_store_is_elsewhere_then_the_rows_stay(
    data_dir: Path, to_env: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part the file does not name stays where it is."""
    asyncio.run(fill(data_dir, 4))
    to_env.write_text(f"STORAGE_URL=file://{data_dir.with_name('blobs')}\n")
    assert move_installation(to_env, resume=False)
    said = capsys.readouterr().out
    assert "carried 12 blobs" in said
    assert " 0 rows, 0 messages" in said
    assert "both are the same" in said


def test_env_file_when_written_as_people_write_it_then_gives_names_and_values(to_env: Path) -> None:
    """Comments, quotes, `export`; a line that is none of these is named by its number."""
    to_env.write_text("# a comment\n\nexport A_1=x y\nB='q # no comment'\nC=v # a comment\nD=\n")
    assert read_env_file(to_env) == {"A_1": "x y", "B": "q # no comment", "C": "v", "D": ""}
    to_env.write_text("A=1\nnonsense\n")
    with pytest.raises(StartError, match="line 2 is not NAME=value"):
        read_env_file(to_env)
    with pytest.raises(StartError, match="cannot be read"):
        read_env_file(to_env.with_name("none"))


def test_environment_when_it_is_over_then_the_old_one_is_back(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of the old engines are out of force meanwhile; unrelated ones stay."""
    import os

    monkeypatch.setenv("STORAGE_URL", "file:///old")
    monkeypatch.setenv("UNRELATED", "1")
    before = dict(os.environ)
    with environment({"RABBITMQ_URL": "amqp://x"}, data_dir):
        assert "STORAGE_URL" not in os.environ
        assert os.environ["FILEMILL_DATA_DIR"] == str(data_dir)
        assert os.environ["UNRELATED"] == "1"
    assert dict(os.environ) == before
