"""The compressor killed at every step: the blob is readable at once, whole, and the next one finishes the work."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.database.build import build_database
from filemill.chassis.database.migrate import migrate
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.store import IsCompressed, SweepsPartials, read_all
from filemill.chassis.web.caller import Caller
from filemill.upload.intake import Intake
from filemill.upload.rules import Fields
from filemill.upload.settings import UploadSettings
from support import compressor_child
from support.compressed import words

SMALL, LARGE = 30_000, 1_500_000
"""The compressed form in the local store's own database, and as a file."""
OF_BOTH = [
    "upload.keeper.claim.in-tx", "upload.keeper.claim.committed", "upload.keeper.keep.in-tx", "upload.keeper.keep.committed",
    "upload.keeper.written", "upload.keeper.verified", "upload.keeper.switch.in-tx", "upload.keeper.switch.committed",
    "upload.keeper.switched", "storage.removals.deleted", "storage.removals.in-tx", "storage.removals.committed",
]  # fmt: skip
SMALL_ONES = ["store.small.put.in-tx", "store.small.put.committed", "store.small.stored"]
LARGE_ONES = ["store.file.written", "store.file.stored"]
CHILD = Path(compressor_child.__file__)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UploadSettings:
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FILEMILL_MIN_FREE_DISK_BYTES", "0")
    monkeypatch.setenv("FILEMILL_COMPRESSION_AFTER_S", "0")
    found = load(UploadSettings)
    migrate(found)
    return found


async def upload(settings: UploadSettings, body: bytes) -> str:
    """Its key."""
    database, store = build_database(settings), build_store(settings)
    try:
        intake = Intake(database, store, settings)
        sink = await intake.sink()
        sink.named("notes.txt")
        await sink.write(body)
        fields = Fields(title=None, tags=[], metadata={}, external_id=None)
        row = await intake.accept(
            Caller("local", is_admin=True, address=None), "notes.txt", await sink.finish(), fields, None
        )
        return str(row["storage_key"])
    finally:
        await store.close()
        await database.close()


async def read(settings: UploadSettings, key: str) -> tuple[bytes, bool, list[str]]:
    """(its bytes, whether it is compressed, the names of its forms and of what is half-written)."""
    store = build_store(settings)
    try:
        body = await read_all(store, key, LARGE)
        reader = await store.open(key)
        is_compressed = isinstance(reader, IsCompressed)
        await reader.close()
        assert isinstance(store, SweepsPartials)
        await store.sweep_partials()
        forms = [info.key async for info in store.list_forms()]  # type: ignore[attr-defined]
        return body, is_compressed, forms + [path.name for path in (settings.data_dir / "store").glob("partial/*")]
    finally:
        await store.close()


def facts(settings: UploadSettings, key: str) -> Any:
    async def ask() -> Any:
        database = build_database(settings)
        try:
            query = f"SELECT compression, stored_size, size, holder FROM blobs WHERE storage_key = '{key}'"
            return await database.read(lambda tx: tx.exec_driver_sql(query).one())
        finally:
            await database.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("point", "size"),
    [(point, SMALL) for point in OF_BOTH + SMALL_ONES] + [(point, LARGE) for point in OF_BOTH + LARGE_ONES],
)
def test_compress_when_killed_then_the_blob_is_whole_and_the_next_try_ends_it(
    settings: UploadSettings, point: str, size: int
) -> None:
    """A dead compressor costs its lease, never a byte."""
    body = words(size)
    key = asyncio.run(upload(settings, body))
    killed = subprocess.run(
        [sys.executable, CHILD],
        env=os.environ | {"FILEMILL_TEST_CRASH": f"{point}=1", "PYTHONPATH": str(CHILD.parent.parent)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert killed.returncode == -9, killed.stderr.decode()[-500:]
    assert asyncio.run(read(settings, key))[0] == body

    async def finish() -> None:
        async with asyncio.timeout(20):
            while not (await read(settings, key))[1]:
                if not await compressor_child.work(settings):
                    await asyncio.sleep(0.05)  # the lease of the dead

    asyncio.run(finish())
    asyncio.run(compressor_child.work(settings))
    found, is_compressed, names = asyncio.run(read(settings, key))
    assert (found == body, is_compressed, names) == (True, True, [f"{key}.zst"])
    compression, stored_size, known_size, holder = facts(settings, key)
    assert (compression, known_size, holder) == ("zstd", size, None)
    assert stored_size < size
