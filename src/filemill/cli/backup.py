"""`filemill backup` and `filemill restore` on the screen."""

import asyncio
from pathlib import Path

from filemill.chassis.errors import FilemillError, StartError
from filemill.chassis.settings import ServiceSettings, load
from filemill.cli import screen
from filemill.cli.move import held
from filemill.cli.verify import show
from filemill.local.backup import Saved, backup
from filemill.local.installation import opened, prepare
from filemill.local.restore import Restored, choose, restore
from filemill.local.verify import Report, verify


def make_backup(folder: Path, *, keep: int) -> bool:
    """Back up the installation the environment chooses, running or not; returns whether the snapshot lacks nothing."""
    folder = folder.absolute()
    _outside(folder)
    prepare()
    try:
        with screen.bars() as progress:
            saved = asyncio.run(_backed_up(folder, keep, progress))
    except FilemillError as error:
        raise StartError(f"the backup stopped: {error.detail} What was copied stays; run it again") from error
    except OSError as error:
        raise StartError(f"the backup stopped: {folder}: {error.strerror}") from error
    count = "{:,}".format
    screen.say(
        f"snapshot {saved.snapshot}: {count(saved.rows)} rows, {count(saved.blobs)} blobs, "
        f"of which {count(saved.copied)} new ({screen.size(saved.bytes)})"
    )
    for name in saved.pruned:
        screen.say(f"forgot   {name}")
    for key in saved.lost:
        screen.say(f"missing  {key}: rows name it, the store has it not; `filemill verify` says whose it is")
    return not saved.lost


def restore_backup(folder: Path, *, snapshot: str | None, resume: bool) -> bool:
    """Bring a snapshot into the empty installation the environment chooses; returns whether all is well there."""
    folder = folder.absolute()
    place = choose(folder, snapshot)
    data_dir = load(ServiceSettings).data_dir
    with held(data_dir), screen.bars() as progress:
        prepare(make=True)
        try:
            restored, report = asyncio.run(_restored(folder, place, progress, resume=resume))
        except FilemillError as error:
            raise StartError(f"the restore stopped: {error.detail} Mend it and say --resume") from error
        except OSError as error:
            place = error.filename2 or error.filename or data_dir
            raise StartError(f"the restore stopped: {place}: {error.strerror}. Mend it and say --resume") from error
    count = "{:,}".format
    screen.say(
        f"snapshot {restored.snapshot} is back: {count(restored.moved.blobs)} blobs "
        f"({screen.size(restored.moved.bytes)}), {count(restored.moved.rows)} rows"
    )
    show(report)
    screen.say(
        f"{count(restored.told_again)} events are told again when the mill starts; what was heard before is dropped"
    )
    return report.ok


async def _backed_up(folder: Path, keep: int, progress: screen.Progressing) -> Saved:
    async with opened() as source:
        return await backup(source, folder, progress, keep=keep)


async def _restored(
    folder: Path, place: Path, progress: screen.Progressing, *, resume: bool
) -> tuple[Restored, Report]:
    async with opened(writes=True) as target:
        restored = await restore(target, folder, place, progress, resume=resume)
        return restored, await verify(target, progress)


def _outside(folder: Path) -> None:
    data_dir = load(ServiceSettings).data_dir
    if folder.is_relative_to(data_dir) or data_dir.is_relative_to(folder):
        raise StartError(f"{folder}: choose a folder outside {data_dir}, best on another disk")
