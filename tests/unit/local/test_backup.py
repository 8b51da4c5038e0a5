"""`backup` and `restore`: while others write, twice into one folder, cut off anywhere; what was acknowledged comes back."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from filemill.chassis.database.database import Tx
from filemill.chassis.errors import StartError
from filemill.chassis.web.caller import Caller
from filemill.cli.backup import make_backup, restore_backup
from filemill.contracts.metadata import DocumentPatch
from filemill.local import backup as backups
from filemill.local.environment import environment
from filemill.local.installation import Installation, opened, prepare
from filemill.local.restore import _with_room
from filemill.local.verify import Report, verify
from filemill.metadata import catalogue, lists_repository
from filemill.upload import purge
from filemill.upload.intake import Intake
from filemill.upload.settings import UploadSettings
from support.small_installation import fill, make_index, remove, settle, upload_one
from support.tiny_disk import fill_up, tiny_disk

pytestmark = pytest.mark.long

ME = Caller("local", is_admin=True, address=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def restored(folder: Path, data_dir: Path, *, settled: bool = True) -> Report:
    """Restore into an empty installation, run what its loops would, and look."""

    async def look() -> Report:
        async with opened() as mill:
            await make_index(mill)
            if settled:
                await settle(mill)
            return await verify(mill, lambda *_: None)

    with environment({}, data_dir):
        assert restore_backup(folder, snapshot=None, resume=False)
        return asyncio.run(look())


def file_ids(data_dir: Path) -> set[str]:
    async def read() -> set[str]:
        async with opened() as mill:
            return await mill.parts["upload"].database.read(_ids)

    with environment({}, data_dir):
        return asyncio.run(read())


def _ids(tx: Tx) -> set[str]:
    return set(tx.execute(text("SELECT file_id FROM files")).scalars())


async def with_mill(data_dir: Path, work: object) -> None:
    async with opened() as mill:
        await work(mill)  # type: ignore[operator]


def test_restore_when_the_mill_was_busy_then_everything_acknowledged_is_back(
    data_dir: Path, folder: Path, tmp_path: Path
) -> None:
    """News in the queues and in the outbox at the moment of the backup arrives after the restore, once."""
    asyncio.run(fill(data_dir, 6, quiet=False))
    assert make_backup(folder, keep=7)
    report = restored(folder, tmp_path / "new")
    assert report.ok, (report.damaged, report.faults)
    assert (report.files, report.on_its_way, report.orphans) == (8, 0, 0)
    assert file_ids(tmp_path / "new") == file_ids(data_dir)


def test_restore_when_the_backup_is_from_before_a_service_had_a_database_then_that_one_is_empty(
    data_dir: Path, folder: Path, tmp_path: Path
) -> None:
    """As every backup made before `access` kept keys."""
    asyncio.run(fill(data_dir, 3))
    assert make_backup(folder, keep=7)
    found = [path for path in backups.snapshots(folder)[-1].rglob("access*") if path.is_file()]
    assert found
    for path in found:
        path.unlink()
    report = restored(folder, tmp_path / "new")
    assert report.ok, (report.damaged, report.faults)
    assert file_ids(tmp_path / "new") == file_ids(data_dir)


def test_restore_when_upload_is_newer_than_its_consumers_then_they_catch_up(
    data_dir: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that came, and a title that changed, between the copy of metadata and that of upload."""
    asyncio.run(fill(data_dir, 3))
    copy_all = backups._copy_all

    def copied_then_more(tx: Tx, inventory: object, path: Path) -> None:
        copy_all(tx, inventory, path)  # type: ignore[arg-type]
        if path.stem == "metadata":
            script = f"import asyncio; from local.test_backup import more; asyncio.run(more({str(data_dir)!r}))"
            own = os.environ | {"FILEMILL_DATA_DIR": str(data_dir), "PYTHONPATH": str(Path(__file__).parents[1])}
            own["PYTHONPATH"] += f":{Path(__file__).parents[2]}"
            own.pop("STORAGE_URL", None)
            subprocess.run([sys.executable, "-c", script], check=True, env=own)

    monkeypatch.setattr(backups, "_copy_all", copied_then_more)
    assert make_backup(folder, keep=7)
    report = restored(folder, tmp_path / "new")
    assert report.ok, (report.damaged, report.faults)
    assert (report.files, report.on_its_way) == (4, 0)


async def more(data_dir: str) -> None:
    """A fourth file, all the way, and a new title of the first."""
    async with opened() as mill:
        database = mill.parts["metadata"].database
        intake = Intake(mill.parts["upload"].database, mill.store, UploadSettings(data_dir=Path(data_dir)))
        await upload_one(intake, 99)
        await settle(mill)

        def rename(tx: Tx) -> None:
            row = lists_repository.listed(tx, "local", "oldest", 1, None, lists_repository.Within())[0]
            catalogue.patch(tx, row, DocumentPatch(title="renamed meanwhile"))

        await database.write("test.patch", rename)
        await settle(mill)


def test_backup_when_made_again_then_copies_only_what_is_new_and_forgets_the_oldest(
    data_dir: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blobs never change; those that only a forgotten snapshot named go with it."""
    asyncio.run(fill(data_dir, 3))
    assert make_backup(folder, keep=2)

    async def purge_one(mill: Installation) -> None:
        await make_index(mill)
        ids = sorted(await mill.parts["upload"].database.read(_ids))
        await mill.parts["upload"].database.write("upload.purge", purge.begin, ME, ids[0], "asked")
        await settle(mill)
        await remove(mill)

    asyncio.run(with_mill(data_dir, purge_one))
    assert make_backup(folder, keep=2)
    assert "of which 0 new" in capsys.readouterr().out
    assert make_backup(folder, keep=2)
    said = capsys.readouterr().out
    assert said.count("forgot") == 1
    assert len(backups.snapshots(folder)) == 2

    async def stored() -> int:
        async with opened() as mill:
            return len([info async for info in mill.store.list()])

    with environment(backups.engines_of(folder), backups.snapshots(folder)[-1]):
        assert asyncio.run(stored()) == 6


@pytest.mark.parametrize("point", ["backup.rows", "backup.blob", "backup.done"])
def test_backup_when_killed_then_the_next_one_is_whole(
    data_dir: Path, folder: Path, tmp_path: Path, point: str
) -> None:
    """What is not whole never counts, and is cleared away."""
    asyncio.run(fill(data_dir, 3))
    command = [sys.executable, "-m", "filemill.cli", "backup", str(folder)]
    killed = subprocess.run(
        command, env=os.environ | {"FILEMILL_TEST_CRASH": f"{point}=1"}, capture_output=True, check=False
    )
    assert killed.returncode == -9, killed.stderr.decode()[-500:]
    assert len(backups.snapshots(folder)) == (1 if point == "backup.done" else 0)
    assert make_backup(folder, keep=7)
    assert restored(folder, tmp_path / "new").ok


def test_backup_when_a_blob_is_missing_then_says_which_and_fails(
    data_dir: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest is saved all the same."""
    asyncio.run(fill(data_dir, 3))
    large = next(path for path in (data_dir / "store" / "blobs").glob("*/*"))
    large.unlink()
    assert not make_backup(folder, keep=7)
    assert f"missing  blobs/{large.parent.name}/{large.name}" in capsys.readouterr().out


def test_restore_when_there_is_something_already_then_refuses(data_dir: Path, folder: Path) -> None:
    """A restore never mixes with what is there; neither does one from nothing."""
    with pytest.raises(StartError, match="no whole backup"):
        restore_backup(folder, snapshot=None, resume=False)
    asyncio.run(fill(data_dir, 1))
    assert make_backup(folder, keep=7)
    with pytest.raises(StartError, match="rows already"):
        restore_backup(folder, snapshot=None, resume=False)
    with pytest.raises(StartError, match="has no snapshot x"):
        restore_backup(folder, snapshot="x", resume=False)
    with pytest.raises(StartError, match="outside"):
        make_backup(data_dir / "inside", keep=7)


def test_restore_when_the_disk_has_no_room_then_one_line_says_so_and_it_goes_on_later(
    data_dir: Path, folder: Path, tmp_path: Path
) -> None:
    """Not a page of Python; nothing is left of the copy of the databases that it works on, here made beside the backup."""
    asyncio.run(fill(data_dir, 3))
    assert make_backup(folder, keep=7)
    with tiny_disk(tmp_path / "small", 64) as small:
        with environment({}, small):
            prepare(make=True)
            filler = small / "filler"
            fill_up(filler)
            os.truncate(filler, filler.stat().st_size - 64 * 1024)  # as much as says who works on the folder
            with pytest.raises(StartError, match=r"the restore stopped: .*--resume"):
                restore_backup(folder, snapshot=None, resume=False)
            filler.unlink()
            assert restore_backup(folder, snapshot=None, resume=True)
        assert not [*small.glob(".*"), *folder.glob(".*")]


def test_room_when_the_data_folder_is_small_then_the_copy_is_made_beside_the_backup(tmp_path: Path) -> None:
    """In a container the data folder is 64 MB of memory; where there is room nowhere, the line says how much is missing."""
    (tmp_path / "databases").mkdir()
    (tmp_path / "databases" / "upload.db").write_bytes(bytes(2_000_000))
    with tiny_disk(tmp_path / "data", 3) as data, tiny_disk(tmp_path / "backup", 3) as small:
        assert _with_room(tmp_path / "databases", data, tmp_path) == tmp_path
        assert _with_room(tmp_path / "databases", tmp_path, data) == tmp_path
        with pytest.raises(StartError, match=r"make 4 MB of room in .*data or .*backup"):
            _with_room(tmp_path / "databases", data, small)


def test_restore_when_the_disk_is_new_then_the_backup_alone_is_enough(
    data_dir: Path, folder: Path, tmp_path: Path
) -> None:
    """Nothing of the old folder is read."""
    asyncio.run(fill(data_dir, 3))
    assert make_backup(folder, keep=7)
    shutil.rmtree(data_dir)
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    assert restored(moved, tmp_path / "new").ok
    with environment({}, tmp_path / "new"):
        prepare()
