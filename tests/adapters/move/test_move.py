"""`move`: a stopped installation, whole, on other engines: the same digest, what is on its way arrives once, nothing twice."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from filemill.chassis.errors import StartError
from filemill.cli.move import move_installation
from filemill.local.environment import environment, read_env_file
from filemill.local.installation import Installation, opened, prepare
from filemill.local.verify import Report, verify
from filemill.upload.intake import Intake
from filemill.upload.settings import UploadSettings
from support.engines import ServerEngines
from support.small_installation import fill, settle, upload_one

pytestmark = pytest.mark.long

FILES = 12


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a filled installation that nobody runs, chosen by the environment."""
    folder = tmp_path / "old"
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(folder))
    asyncio.run(fill(folder, FILES, quiet=False))
    return folder


@pytest.fixture(params=["folder", pytest.param("servers", marks=pytest.mark.servers)])
def to_env(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The environment file of an empty installation elsewhere: other folders, or PostgreSQL, RabbitMQ and S3."""
    lines = ["# where it goes", f"FILEMILL_DATA_DIR={tmp_path / 'new'}", f'STORAGE_URL="file://{tmp_path / "blobs"}"']
    if request.param == "servers":
        make: Callable[[], ServerEngines] = request.getfixturevalue("server_engines")
        lines += [f"export {name}={value}" for name, value in make().environment().items()]
    path = tmp_path / "production.env"
    path.write_text("\n".join(lines) + "\n")
    return path


def report_of(to_env: Path, work: Callable[..., object] | None = None) -> Report:
    """`verify` on the other side, after `work` there."""

    async def look() -> Report:
        async with opened() as mill:
            if work is not None:
                await work(mill)  # type: ignore[misc]
            return await verify(mill, lambda *_: None)

    with environment(read_env_file(to_env), Path("nowhere")):
        prepare()
        return asyncio.run(look())


def test_move_when_done_then_both_sides_are_the_same_and_the_new_one_goes_on(source: Path, to_env: Path) -> None:
    """Ids, versions, audit, statuses, bytes: one digest. What lay in queues and outboxes arrives there, once, and new
    rows get numbers after the old ones."""  # fmt: skip
    assert move_installation(to_env, resume=False)
    moved = report_of(to_env)
    assert moved.ok
    assert (moved.files, moved.blobs) == (FILES + 2, 3 * FILES + 2)
    assert moved.on_its_way

    async def live(mill: Installation) -> None:
        await settle(mill)
        await upload_one(Intake(mill.parts["upload"].database, mill.store, UploadSettings()), 99)
        await settle(mill)
        metadata = mill.parts["metadata"].database
        again = text("SELECT count(*) FROM audit WHERE action = 'uploaded'")
        assert await metadata.read(lambda tx: tx.execute(again).scalar()) == FILES + 3
        behind = text("SELECT count(*) FROM documents WHERE index_mark - index_wanted < 2199023255552")
        assert await metadata.read(lambda tx: tx.execute(behind).scalar()) == FILES + 3

    after = report_of(to_env, live)
    assert after.ok, (after.damaged, after.faults)
    assert (after.files, after.on_its_way) == (FILES + 3, 0)


def test_move_when_the_target_is_not_empty_then_refuses_until_told_to_resume(
    source: Path, to_env: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second move by mistake changes nothing; with --resume it finds everything done, and adds nothing."""
    assert move_installation(to_env, resume=False)
    before = report_of(to_env)
    with pytest.raises(StartError, match="already; choose an empty one, or say --resume"):
        move_installation(to_env, resume=False)
    capsys.readouterr()
    assert move_installation(to_env, resume=True)
    assert "carried 0 blobs (0 B), 0 rows" in capsys.readouterr().out
    after = report_of(to_env)
    assert (after.digest, after.rows) == (before.digest, before.rows)


SERVER = [pytest.mark.servers]
KILLS = [
    pytest.param("folder", "move.blob"),
    pytest.param("folder", "move.rows.in-tx", marks=pytest.mark.slow),
    pytest.param("folder", "move.rows.committed"),
    pytest.param("folder", "move.numbers.in-tx", marks=pytest.mark.slow),
    pytest.param("folder", "move.numbers.committed", marks=pytest.mark.slow),
    pytest.param("folder", "move.messages.in-tx"),
    pytest.param("folder", "move.messages.committed", marks=pytest.mark.slow),
    pytest.param("servers", "move.rows.committed", marks=SERVER),
    pytest.param("servers", "move.messages.in-tx", marks=[*SERVER, pytest.mark.slow]),
]


def run_move(to_env: Path, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "filemill.cli", "move", "--to-env", str(to_env), *more]
    return subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("to_env", "point"), KILLS, indirect=["to_env"])
def test_move_when_killed_then_resume_ends_it_without_doubling(source: Path, to_env: Path, point: str) -> None:
    """`kill -9` in the middle of blobs, rows, numbers, messages: the second run carries the rest, and only that."""
    killed = run_move(to_env, FILEMILL_TEST_CRASH=f"{point}=1")
    assert killed.returncode == -9, killed.stderr
    resumed = run_move(to_env, "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "both are the same" in resumed.stdout
    after = report_of(to_env, settle)
    assert after.ok, (after.damaged, after.faults)
    assert (after.files, after.orphans) == (FILES + 2, 0)
