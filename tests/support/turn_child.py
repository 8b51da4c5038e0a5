"""A process that takes the turn of an upload, says so and never gives it back. Run it with the upload's id."""

import asyncio
import sys

from filemill.chassis.database.build import build_database
from filemill.chassis.settings import load
from filemill.upload.settings import UploadSettings
from filemill.upload.turns import Turns


async def main(upload_id: str) -> None:
    """Take it and wait to be killed."""
    await Turns(build_database(load(UploadSettings))).take("local", upload_id)
    print("taken", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
