"""The operator's tools on compressed blobs: verify finds what is flipped, backup, restore and move keep form and bytes."""

import asyncio
from pathlib import Path

import pytest

from filemill.chassis.database.database import Tx
from filemill.chassis.storage.store import Compresses
from filemill.chassis.web.caller import Caller
from filemill.cli.backup import make_backup, restore_backup
from filemill.local.backup import engines_of, snapshots
from filemill.local.environment import environment
from filemill.local.installation import Installation, opened, prepare
from filemill.local.verify import Report, verify
from filemill.upload import purge
from filemill.upload.compression import Compressor
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from support.small_installation import fill, make_index, remove, settle

ME = Caller("local", is_admin=True, address=None)


@pytest.fixture
def settings(data_dir: Path) -> UploadSettings:
    return UploadSettings(data_dir=data_dir, compression_after_s=0.0, min_free_disk_bytes=0)


async def compress(mill: Installation, settings: UploadSettings) -> None:
    """Everything that is worth it, and remove the plain forms."""
    store = mill.store
    assert isinstance(store, Compresses)
    compressor = Compressor(
        mill.parts["upload"].database, store, settings, Room(settings.data_dir, store, 0), grace_s=0.0, share=1.0
    )
    while await compressor.compress_one():
        pass
    await remove(mill)


async def look() -> Report:
    async with opened() as mill:
        await make_index(mill)
        return await verify(mill, lambda *_: None)


async def filled(settings: UploadSettings) -> None:
    await fill(settings.data_dir, 4)
    async with opened() as mill:
        await compress(mill, settings)


def forms(data_dir: Path) -> int:
    """How many blobs lie there compressed."""

    async def count() -> int:
        async with opened() as mill:
            return len([info async for info in mill.store.list_forms() if info.key.endswith(".zst")])  # type: ignore[attr-defined]

    with environment({}, data_dir):
        return asyncio.run(count())


def test_verify_when_blobs_are_compressed_then_all_is_well_and_a_flipped_bit_is_named(settings: UploadSettings) -> None:
    """What is hashed is what was uploaded; any byte of the compressed form counts."""
    before = asyncio.run(look_at_new(settings))
    asyncio.run(compressed(settings))
    report = asyncio.run(look())
    assert report.ok
    assert (report.blobs, report.bytes, report.orphans) == (before.blobs, before.bytes, 0)
    assert forms(settings.data_dir) == 2
    asyncio.run(flip_in_one(settings))
    report = asyncio.run(look())
    assert [blob.problem.partition(":")[0] for blob in report.damaged] == ["cannot be read"]


async def look_at_new(settings: UploadSettings) -> Report:
    await fill(settings.data_dir, 4)
    return await look()


async def compressed(settings: UploadSettings) -> None:
    async with opened() as mill:
        await compress(mill, settings)


async def flip_in_one(settings: UploadSettings) -> None:
    """The compressed forms are small enough for the store's own database."""

    def flip(tx: Tx) -> None:
        key, body = tx.exec_driver_sql("SELECT key, body FROM small WHERE key LIKE '%.zst' LIMIT 1").one()
        bent = bytearray(body)
        bent[len(bent) // 2] ^= 1
        tx.exec_driver_sql("UPDATE small SET body = ? WHERE key = ?", (bytes(bent), key))

    async with opened() as mill:
        await mill.store._small._database.write("test.flip", flip)  # type: ignore[attr-defined]


def test_backup_when_blobs_are_compressed_then_the_copy_is_and_comes_back_so(
    settings: UploadSettings, tmp_path: Path
) -> None:
    """Nothing is decompressed on the way, and the restored installation says the same as the old one."""
    asyncio.run(filled(settings))
    digest = asyncio.run(look()).digest
    folder = tmp_path / "backup"
    assert make_backup(folder, keep=7)
    with environment(engines_of(folder), snapshots(folder)[-1]):
        assert forms_here() == 2
    with environment({}, tmp_path / "new"):
        assert restore_backup(folder, snapshot=None, resume=False)
        report = asyncio.run(look())
    assert (report.ok, report.digest) == (True, digest)
    assert forms(tmp_path / "new") == 2


def forms_here() -> int:
    async def count() -> int:
        async with opened() as mill:
            return len([info async for info in mill.store.list_forms() if info.key.endswith(".zst")])  # type: ignore[attr-defined]

    return asyncio.run(count())


def test_backup_when_made_before_and_after_then_each_snapshot_comes_back_whole(
    settings: UploadSettings, tmp_path: Path
) -> None:
    """A blob that was copied plain stays so in the backup; the key finds it, and the keeper takes it up again."""
    asyncio.run(fill(settings.data_dir, 4))
    folder = tmp_path / "backup"
    assert make_backup(folder, keep=7)
    asyncio.run(compressed(settings))
    assert make_backup(folder, keep=7)
    for number, place in enumerate(snapshots(folder)):
        with environment({}, tmp_path / f"new{number}"):
            assert restore_backup(folder, snapshot=place.name, resume=False)
            assert asyncio.run(look()).ok


def test_purge_when_a_blob_is_compressed_then_no_form_is_left(settings: UploadSettings) -> None:
    """Also while both forms are there."""
    prepare(make=True)

    async def work() -> list[str]:
        await filled(settings)
        async with opened() as mill:
            await make_index(mill)
            upload = mill.parts["upload"].database

            def ids(tx: Tx) -> list[str]:
                return list(tx.exec_driver_sql("SELECT file_id FROM files").scalars())

            for file_id in await upload.read(ids):
                await upload.write("upload.purge", purge.begin, ME, file_id, "asked")
            await settle(mill)
            return [info.key async for info in mill.store.list()]

    assert asyncio.run(work()) == []
