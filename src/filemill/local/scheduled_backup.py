"""Backups at fixed times of the day while the mill runs: a process of the mill, at the lowest priority, that sleeps between.

Due is the latest time of the day that has passed since the last try: so a time that was missed (the machine slept, the mill
was stopped) is made up for as soon as the mill runs, and the first start makes one at once, which shows a wrong folder.
What came of it is in `backup.json` in the data folder, for `filemill doctor`, and in the log.
On failure: the reason is written down, and the next time is the next try. One that was cut off is tried again after a pause.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import structlog

from filemill.chassis import clock
from filemill.chassis.durable_folder import sync, sync_folder
from filemill.chassis.errors import FilemillError, StartError
from filemill.chassis.settings import load
from filemill.chassis.telemetry import logging
from filemill.local.backup import Saved, backup
from filemill.local.installation import opened, prepare
from filemill.local.settings import RunnerSettings

SLEEP_MOST_S = 30.0
"""The clock can be set, and a machine that slept does not count its sleep: it is looked at this often."""
AGAIN_AFTER = timedelta(minutes=15)
"""After one that was cut off: whatever ended it must not end the next at once."""
START_S = 120.0
"""How long the services may take after a start until their databases are there."""
NICE = 19

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class State:
    """What came of the tries so far. Times are ISO 8601; `problem` is that of the last try, empty if it was well."""

    folder: str = ""
    started_at: str = ""
    ended_at: str = ""
    problem: str = ""
    succeeded_at: str = ""
    snapshot: str = ""
    lost: int = 0


def state_file(data_dir: Path) -> Path:
    """Where it is remembered."""
    return data_dir / "backup.json"


def read_state(data_dir: Path) -> State:
    """What is remembered; nothing if there was no try, or the file is not readable any more."""
    try:
        return State(**json.loads(state_file(data_dir).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return State()  # it is a note for people; the worst that follows is one more backup


def latest(times: Sequence[time_of_day], now: datetime) -> datetime:
    """The last of these local times of the day that is not after `now`."""
    local = now.astimezone()
    days = [local.date() - timedelta(days=back) for back in range(3)]  # the switch to summer time may skip one
    moments = [datetime.combine(day, at).astimezone() for day in days for at in times]
    return max(moment for moment in moments if moment <= now)


def is_due(state: State, times: Sequence[time_of_day], now: datetime) -> bool:
    """Whether a backup is to be made now."""
    if state.started_at > state.ended_at and now < datetime.fromisoformat(state.started_at) + AGAIN_AFTER:
        return False
    return not state.ended_at or datetime.fromisoformat(state.ended_at) < latest(times, now)


@dataclass(frozen=True, slots=True)
class ScheduledBackup:
    """Makes them. `make` makes one and raises `StartError`, `FilemillError`, `OSError`."""

    settings: RunnerSettings
    make: Callable[[], Saved]
    now: Callable[[], datetime] = clock.now
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> None:
        """For ever."""
        while True:
            self.look()
            self.sleep(SLEEP_MOST_S)

    def look(self) -> bool:
        """Make one if it is due; whether it was."""
        state = read_state(self.settings.data_dir)
        if state.folder != str(self.settings.backup_dir):
            state = State(folder=str(self.settings.backup_dir))  # another place has nothing yet
        if not is_due(state, self.settings.backup_times, self.now()):
            return False
        self._write(state := replace(state, started_at=self.now().isoformat()))
        _log.info("backup.started", folder=state.folder)
        began_s = time.monotonic()
        try:
            saved = self.make()
        except Exception as error:  # noqa: BLE001  whatever it is, it is written down, and the next day is another try
            problem = _in_words(error)
            self._write(replace(state, ended_at=self.now().isoformat(), problem=problem))
            _log.error("backup.failed", problem=problem, kind=type(error).__name__)
            return True
        at, lost = self.now().isoformat(), len(saved.lost)
        self._write(State(state.folder, state.started_at, at, "", succeeded_at=at, snapshot=saved.snapshot, lost=lost))
        facts = {"blobs": saved.blobs, "new_blobs": saved.copied, "new_bytes": saved.bytes, "lost": lost}
        _log.info("backup.done", snapshot=saved.snapshot, seconds=round(time.monotonic() - began_s, 1), **facts)
        return True

    def _write(self, state: State) -> None:
        """Replace it in one step."""
        path = state_file(self.settings.data_dir)
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file, indent=2)
            file.flush()
            sync(file.fileno(), os.fsync)
        fresh.rename(path)
        sync_folder(path.parent)


def run(on_ready: Callable[[str], None]) -> None:
    """The process of the mill."""
    settings = load(RunnerSettings)
    folder, keep = settings.backup_dir, settings.backup_keep
    assert folder is not None
    logging.configure("backup", log_format=settings.log_format, level=settings.log_level, folder=settings.log_dir)
    os.nice(NICE)
    on_ready(f"at {settings.backup_at} into {folder}")
    _wait_for_databases()
    ScheduledBackup(settings, lambda: _make(folder, keep)).run()


def _make(folder: Path, keep: int) -> Saved:
    prepare()
    return asyncio.run(_made(folder, keep))


async def _made(folder: Path, keep: int) -> Saved:
    async with opened() as source:
        return await backup(source, folder, lambda *_: None, keep=keep)


def _wait_for_databases() -> None:
    """At the first start the services are just making them."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        try:
            prepare()
        except StartError:
            time.sleep(1)
        else:
            return


def _in_words(error: Exception) -> str:
    if isinstance(error, FilemillError):
        return error.detail or error.title
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) if isinstance(error, StartError) else f"{type(error).__name__}: {error}"[:500]
