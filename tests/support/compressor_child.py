"""The compressor and the remover of the installation the environment chooses, once; a test kills it: compressor_child.py"""

import asyncio

from filemill.chassis.database.build import build_database
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.removals import Remover
from filemill.upload import purge
from filemill.upload.compression import Compressor
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings

HOLD_S = 0.5


async def work(settings: UploadSettings) -> bool:
    """Compress a blob, if there is one, and remove what is due."""
    database, store = build_database(settings), build_store(settings)
    try:
        found = await Compressor(
            database, store, settings, Room(settings.data_dir, store, 0), grace_s=0.0, hold_s=HOLD_S, share=1.0
        ).compress_one()
        while await Remover(database, store, purge.ERASURE.finished).remove_some():
            pass
        return found
    finally:
        await store.close()
        await database.close()


if __name__ == "__main__":
    asyncio.run(work(load(UploadSettings)))
