"""What the store holds, as analytics tell it on each set of engines: what upload's blobs say, and what a recount says."""

import asyncio
import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from filemill.chassis.database.database import Tx
from filemill.chassis.storage.store import Compresses
from filemill.chassis.web.caller import Caller
from filemill.contracts.analytics import Analytics, OwnerAnalytics, OwnerNumbers
from filemill.local.installation import Installation, opened, prepare
from filemill.metadata.analytics import analytics, by_owner
from filemill.metadata.exporting import numbers_table, owners_table
from filemill.metadata.search.build import build_index
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.tallying import count_again
from filemill.upload import purge, stored_forms
from filemill.upload.compression import Compressor
from filemill.upload.intake import Intake
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from support.small_installation import LARGE_BYTES, settle, upload_one

ME = Caller("local", is_admin=True, address=None)
SINCE, UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
HELD = (
    "SELECT sum(blobs.stored_size) FROM files"
    " JOIN versions ON versions.file_id = files.file_id AND versions.version = files.version"
    " JOIN blobs ON blobs.storage_key = versions.storage_key WHERE files.deleted_at IS NULL"
)


class World:
    """An installation whose compressor and news the test moves."""

    def __init__(self, mill: Installation, folder: Path) -> None:
        self.upload, self.metadata, self.mill = mill.parts["upload"].database, mill.parts["metadata"].database, mill
        self.settings = UploadSettings(data_dir=folder, compression_after_s=0.0, min_free_disk_bytes=0)
        self.intake = Intake(self.upload, mill.store, self.settings)

    async def compress(self) -> None:
        store = self.mill.store
        assert isinstance(store, Compresses)
        room = Room(self.settings.data_dir, store, 0)
        compressor = Compressor(self.upload, store, self.settings, room, grace_s=0.0, share=1.0)
        while await compressor.compress_one():
            pass

    async def numbers(self) -> Analytics:
        """Once all have heard all; what is told is what a recount and upload's own rows say."""
        await settle(self.mill)
        told = await self.metadata.read(analytics, "local", SINCE, UNTIL)
        held = await self.upload.read(lambda tx: int(tx.exec_driver_sql(HELD).scalar() or 0))
        assert told.bytes_stored == held
        await self.metadata.write("test.count", count_again)
        assert await self.metadata.read(analytics, "local", SINCE, UNTIL) == told
        return told


def keys(tx: Tx) -> list[str]:
    return list(
        tx.exec_driver_sql("SELECT storage_key FROM blobs WHERE compression = 'zstd' ORDER BY storage_key").scalars()
    )


async def a_life(folder: Path) -> tuple[Analytics, OwnerAnalytics]:
    """Plain, compressed, shared when it is compressed, plain again, replaced, purged."""
    async with opened() as mill:
        await mill.parts["metadata"].database.write("test.index", build_index(MetadataSettings()).create)
        world = World(mill, folder)
        first, second = await upload_one(world.intake, 0), await upload_one(world.intake, 1)
        plain = await world.numbers()
        assert plain.bytes_stored == plain.bytes > LARGE_BYTES // 2
        await world.compress()
        compressed = await world.numbers()
        assert compressed.bytes_stored < plain.bytes_stored / 2
        assert compressed.bytes == plain.bytes
        third = await upload_one(world.intake, 0)
        shared = await world.numbers()
        assert shared.bytes_stored - compressed.bytes_stored == compressed.bytes_stored - 7
        for key in await world.upload.read(keys):
            assert await world.upload.write("test.again", stored_forms.look_again, key)
        again = await world.numbers()
        assert again.bytes_stored == again.bytes
        await world.compress()
        await world.numbers()
        sink = await world.intake.sink()
        sink.named("0.txt")
        await sink.write(b"other words")
        await world.intake.accept_version(ME, first, None, await sink.finish(), None, None)
        assert (await world.numbers()).bytes == 11 + 7 + shared.bytes - plain.bytes
        for file_id in (second, third):
            await world.upload.write("test.purge", purge.begin, ME, file_id, "asked")
        return await world.numbers(), await world.metadata.read(by_owner, SINCE, UNTIL)


def test_stored_bytes_when_contents_are_compressed_shared_and_replaced_then_are_those_of_the_store(
    each_installation: Path,
) -> None:
    """At every step; by owner, too, and as a table."""
    prepare(make=True)
    last, owners = asyncio.run(a_life(each_installation))
    assert (last.files, last.bytes, last.bytes_stored) == (1, 11, 11)
    assert owners == OwnerAnalytics(items=[OwnerNumbers(owner_id="local", files=1, bytes=11, bytes_stored=11)])
    rows = {row["group"]: row for row in csv.DictReader(io.StringIO(numbers_table(last)))}
    assert (rows["total"]["bytes"], rows["stored"]["bytes"]) == ("11", "11")
    assert owners_table(owners) == "owner_id,files,bytes,bytes_stored\r\nlocal,1,11,11\r\n"
