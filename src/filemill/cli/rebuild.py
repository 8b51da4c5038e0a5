"""`filemill index rebuild` on the screen."""

import asyncio

from filemill.chassis.settings import load
from filemill.cli import screen
from filemill.local.installation import opened, prepare
from filemill.metadata.search.build import build_index
from filemill.metadata.search.indexer import Indexer
from filemill.metadata.search.rebuilding import Rebuilt, rebuild
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.tallying import count_again


def rebuild_index() -> None:
    """Make word index and counts of the installation that the environment chooses anew, running or not."""
    prepare()
    with screen.bars() as progress:
        done = asyncio.run(_rebuilt(progress))
    count = "{:,}".format
    strays = f", {count(done.dropped)} entries of nobody's dropped" if done.dropped else ""
    screen.say(f"{count(done.documents)} documents indexed again{strays}")


async def _rebuilt(progress: screen.Progressing) -> Rebuilt:
    settings = load(MetadataSettings)
    async with opened() as mill:
        database, words = mill.parts["metadata"].database, build_index(settings)
        indexer = Indexer(database, mill.store, words, settings.index_text_characters)
        done = await rebuild(database, words, indexer, progress)
        await database.write("metadata.tallies.recount", count_again)
        return done
