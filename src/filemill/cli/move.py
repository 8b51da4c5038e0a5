"""`filemill move`: the mill is held stopped, both installations are opened, one is copied to the other, both are verified."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from filemill.chassis.errors import FilemillError, StartError
from filemill.chassis.settings import ServiceSettings, load
from filemill.cli import screen
from filemill.cli.verify import show
from filemill.local.environment import environment, read_env_file
from filemill.local.installation import must_be_stopped, opened, prepare
from filemill.local.move import Moved, move
from filemill.local.run_folder import AlreadyRunning, RunFolder
from filemill.local.verify import Report, verify


def move_installation(to_env: Path, *, resume: bool) -> bool:
    """Copy what the environment chooses to what the file chooses; returns whether both sides are well and the same."""
    values = read_env_file(to_env)
    source_dir = load(ServiceSettings).data_dir
    with environment(values, source_dir):
        target_dir = load(ServiceSettings).data_dir
    prepare()
    with held(source_dir), held(target_dir if target_dir != source_dir else None), screen.bars() as progress:
        with environment(values, source_dir):
            values |= prepare(make=True)
        try:
            moved, before, after = asyncio.run(_moved(values, source_dir, progress, resume=resume))
        except FilemillError as error:
            raise StartError(f"the move stopped: {error.detail} Mend it and say --resume") from error
    count = "{:,}".format
    screen.say(
        f"carried {count(moved.blobs)} blobs ({screen.size(moved.bytes)}), {count(moved.rows)} rows, "
        f"{count(moved.messages)} messages that lay in queues"
    )
    screen.say("here:")
    show(before)
    screen.say("there:")
    show(after)
    same = before.digest == after.digest
    screen.say("both are the same" if same else "the two are NOT the same; keep using the old one")
    return same and before.ok and after.ok


async def _moved(
    values: dict[str, str], source_dir: Path, progress: screen.Progressing, *, resume: bool
) -> tuple[Moved, Report, Report]:
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(opened())
        # Adapters read the environment when they are built, so the other one is in force just for that.
        with environment(values, source_dir):
            target = await stack.enter_async_context(opened(writes=True))
        moved = await move(source, target, progress, resume=resume)
        before = await verify(source, lambda what, done, total: progress(f"here: {what}", done, total))
        after = await verify(target, lambda what, done, total: progress(f"there: {what}", done, total))
    return moved, before, after


@contextmanager
def held(data_dir: Path | None) -> Iterator[None]:
    """Nobody starts a mill on this folder meanwhile; refuses if somebody works on it now."""
    if data_dir is None:
        yield
        return
    must_be_stopped(data_dir)
    folder = RunFolder(data_dir)
    try:
        folder.claim()
    except AlreadyRunning as error:
        raise StartError(str(error)) from error
    try:
        yield
    finally:
        folder.release()
