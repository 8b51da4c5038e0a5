"""`filemill doctor`: what this machine has, what that means for each feature, and what to do about what is missing."""

import platform
import shutil
import socket
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from filemill import __version__
from filemill.chassis import clock, faults
from filemill.chassis.settings import PORTS, ServiceSettings, load
from filemill.local.run_folder import switches_file
from filemill.local.settings import RunnerSettings

FREE_DISK_LOW_BYTES = 2 * 1024**3
BACKUP_OLD = timedelta(hours=26)
"""A day, and two hours for the backup itself."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `bad` stops the mill, `missing` costs a feature, `ok` costs nothing."""

    name: str
    state: Literal["ok", "missing", "bad"]
    detail: str


def examine() -> list[Check]:
    """Every check, in the order a person would ask."""
    settings = load(ServiceSettings)
    return [
        Check("filemill", "ok", f"{__version__} on Python {platform.python_version()}, {platform.platform()}"),
        _sqlite(),
        _data_dir(settings.data_dir),
        _backup(load(RunnerSettings)),
        _unix_sockets(settings),
        _faults(settings),
        *_ports(settings),
        _sandbox(settings),
        *_programs(),
        *_models(),
    ]


def _sqlite() -> Check:
    version = sqlite3.sqlite_version
    known = tuple(int(part) for part in version.split(".")) >= (3, 35, 0)
    with sqlite3.connect(":memory:") as db:
        options = {row[0] for row in db.execute("PRAGMA compile_options")}
    if not known:
        return Check("sqlite", "bad", f"{version} is too old; 3.35 or newer is needed (a newer Python brings one)")
    if "ENABLE_FTS5" not in options:
        return Check("sqlite", "bad", f"{version} has no FTS5, which search needs; use another build of Python")
    return Check("sqlite", "ok", f"{version} with FTS5")


def _data_dir(folder: Path) -> Check:
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    detail = f"{folder}, {free / 1e9:.1f} GB free"
    if free < FREE_DISK_LOW_BYTES:
        return Check("data folder", "missing", f"{detail}: little room; FILEMILL_DATA_DIR chooses another place")
    return Check("data folder", "ok", detail)


def _backup(settings: RunnerSettings) -> Check:
    if settings.backup_dir is None:
        return Check("backup", "missing", "none is scheduled; FILEMILL_BACKUP_DIR names a folder, best on another disk")
    from filemill.local.scheduled_backup import read_state

    state, at = read_state(settings.data_dir), f"daily at {settings.backup_at} into {settings.backup_dir}"
    if state.folder != str(settings.backup_dir) or not state.started_at:
        return Check("backup", "ok", f"{at}; none was made yet, the mill makes the first when it runs")
    last = f"the last good one is of {state.succeeded_at[:16]}" if state.succeeded_at else "there is no good one"
    if state.started_at > state.ended_at:
        return Check("backup", "ok", f"{at}; one began {state.started_at[:16]} and is not done, {last}")
    if state.problem:
        return Check("backup", "missing", f"{at}; that of {state.ended_at[:16]} failed: {state.problem} ({last})")
    if state.lost:
        return Check("backup", "missing", f"{at}; {last}, {state.lost} blobs are missing in it: `filemill verify`")
    if clock.now() - datetime.fromisoformat(state.succeeded_at) > BACKUP_OLD:
        return Check("backup", "missing", f"{at}; {last}: no mill ran at that time since")
    return Check("backup", "ok", f"{at}; {last} ({state.snapshot})")


def _faults(settings: ServiceSettings) -> Check:
    on = faults.read(switches_file(settings.data_dir))
    if on:
        return Check("faults", "missing", f"on: {', '.join(on)} (filemill fault all off)")
    return Check("faults", "ok", "none is switched on")


def _unix_sockets(settings: ServiceSettings) -> Check:
    from filemill.chassis.web.process import SOCKET_PATH_MOST

    longest = settings.sockets_dir / "notification.sock"
    if len(str(longest)) > SOCKET_PATH_MOST:
        return Check(
            "unix sockets", "missing", "the data folder's path is too long for them; services talk over TCP, slower"
        )
    return Check("unix sockets", "ok", str(settings.sockets_dir))


def _ports(settings: ServiceSettings) -> list[Check]:
    taken = []
    for service in PORTS:
        port = settings.port(service)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError:
                taken.append(f"{service} {port}")
    if taken:
        if (settings.data_dir / "run" / "pids.json").exists():
            return [Check("ports", "ok", f"in use, as it should be: a mill runs on {settings.data_dir}")]
        return [
            Check(
                "ports", "missing", f"in use: {', '.join(taken)} (stop what uses them, or set FILEMILL_<SERVICE>_PORT)"
            )
        ]
    return [Check("ports", "ok", "all free")]


def _sandbox(settings: ServiceSettings) -> Check:
    import asyncio

    from filemill.chassis.sandbox import Sandbox, SandboxUnavailableError
    from filemill.processing.steps.run import ENTRY

    async def probe() -> Check:
        sandbox = Sandbox(ENTRY, scratch=settings.data_dir / "scratch" / "doctor", required="reduced")
        try:
            await sandbox.start()
            level = sandbox.level
        except SandboxUnavailableError as error:
            return Check("sandbox", "bad", str(error))
        finally:
            await sandbox.stop()
        if level.name == "full":
            return Check("sandbox", "ok", level.in_words)
        return Check("sandbox", "missing" if level.has_no_network else "bad", level.in_words)

    return asyncio.run(probe())


def _programs() -> list[Check]:
    from filemill.processing.settings import ProcessingSettings
    from filemill.processing.steps import ocr, programs

    wanted = load(ProcessingSettings).ocr_engine
    engine = ocr.in_force(wanted)
    checks = [Check("words in pictures", "ok" if engine else "missing", ocr.describe(wanted))]
    for program in programs.inspect():
        if program.name in ocr.ENGINES and not program.found and engine:
            continue  # another does its work, or nobody wants it
        if program.found:
            checks.append(Check(program.name, "ok", f"{program.version or 'found'}: {program.used_for}"))
        else:
            checks.append(Check(program.name, "missing", f"not found; {program.used_for} ({program.install_hint})"))
    return checks


def _models() -> list[Check]:
    from filemill.ai.models.registry import built_in_registry

    waiting = [model for model in built_in_registry().list() if model.state == "needs-download"]
    return [Check(f"model {one.entry.id}", "missing", f"for {one.entry.capability}: {one.reason}") for one in waiting]


def exit_status(checks: list[Check]) -> int:
    """1 if something would stop the mill."""
    return 1 if any(check.state == "bad" for check in checks) else 0
