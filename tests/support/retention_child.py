"""A round of the retention rules of the installation the environment chooses, so many days ahead: retention_child.py DAYS"""

import asyncio
import sys
from datetime import timedelta

from filemill.chassis.clock import now
from filemill.chassis.database.build import build_database
from filemill.chassis.settings import load
from filemill.metadata.retention import Retention
from filemill.metadata.search.build import build_index
from filemill.metadata.settings import MetadataSettings


async def work(settings: MetadataSettings, days: float) -> None:
    """What metadata does each minute, once."""
    database = build_database(settings)
    try:
        await Retention(database, build_index(settings), report=False).run_once(now() + timedelta(days=days))
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(work(load(MetadataSettings), float(sys.argv[1])))
