"""The whole mill on one machine: which processes there are, forked from one parent that has imported everything once.

Logs of every process go to `logs/` in the data folder, a file each, bounded; the terminal shows only the mill's own lines.
"""

import importlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filemill import __version__
from filemill.chassis import faults, long_start
from filemill.chassis.certificates import trusted
from filemill.chassis.database.build import share_out
from filemill.chassis.durable_folder import make_durable
from filemill.chassis.errors import StartError
from filemill.chassis.settings import LOOPBACK_HOSTS, load
from filemill.local.backoff import Backoff
from filemill.local.run_folder import AlreadyRunning, switches_file
from filemill.local.settings import RunnerSettings
from filemill.local.supervisor import Supervisor, say_line
from filemill.local.units import Report, Unit


@dataclass(frozen=True, slots=True)
class Member:
    """A process of the mill. `module` has `run(on_ready)`; a later stage is stopped earlier."""

    name: str
    module: str
    stage: int = 0
    nice: int = 0


SERVES, FOLLOWS, WORKS = 3, 6, 9
"""What a process leaves to the others where the processors do not suffice, as nice(1) counts. The gateway leaves nothing: who
cannot be served is to hear of it at once. Then whoever answers people; what follows an upload comes behind, its work last:
about a half, a quarter and an eighth of the turns, and all of them when nobody else wants one (`benchmarks/overload.py`)."""

MEMBERS = (
    Member("access", "filemill.access.main"),
    Member("upload", "filemill.upload.main", nice=SERVES),
    Member("metadata", "filemill.metadata.main", nice=SERVES),
    Member("ai", "filemill.ai.main", nice=FOLLOWS),
    Member("processing", "filemill.processing.main", nice=FOLLOWS),
    Member("notification", "filemill.notification.main", nice=FOLLOWS),
    Member("ai-worker", "filemill.ai.worker", nice=WORKS),
    Member("processing-worker", "filemill.processing.worker", nice=WORKS),
    Member("gateway", "filemill.gateway.main", stage=1),
)

USED_LATER = ("pydantic.v1", "httpcore", "uvicorn.protocols.websockets.auto")
"""What FastAPI, httpx and uvicorn import only when they are first used."""

BACKUP = Member("backup", "filemill.local.scheduled_backup", stage=1)
"""Only with `FILEMILL_BACKUP_DIR`."""

LOOPS_END_S = 5.0
"""What a service may take beyond its requests: its loops end, its database is closed."""

WITH_DATA = ("access", "upload", "metadata", "processing", "ai", "notification")
"""The services that own data."""


def run_mill(*, keep_faults: bool = False) -> int:
    """Run every service until Ctrl-C; returns the exit status. `keep_faults`: what was switched on stays on.

    Raises `StartError` with one clear line.
    """
    began_s = time.monotonic()
    # The gateway stops first, and then nobody is left to whom a service would have to give notice.
    os.environ.setdefault("FILEMILL_DRAIN_S", "0")
    settings = load(RunnerSettings)
    os.environ.setdefault("FILEMILL_LOG_DIR", str(settings.data_dir / "logs"))
    try:
        make_durable(settings.data_dir)
        settings.data_dir.chmod(0o700)  # the files in it are their owner's, not every user's of this machine
    except OSError as error:
        raise StartError(f"FILEMILL_DATA_DIR: {settings.data_dir} cannot be made: {error.strerror}") from error
    say_line(f"filemill {__version__}, data in {settings.data_dir}")
    give_databases(settings)
    members = [*MEMBERS, BACKUP] if settings.backup_dir else MEMBERS
    grace_s = settings.drain_s + settings.grace_s + LOOPS_END_S
    units = [_unit(member, grace_s) for member in members]
    prepare_for_all()

    def all_ready(_seconds: float) -> None:
        address = settings.base_url("gateway").replace("127.0.0.1", "localhost")
        say_line(f"all ready after {time.monotonic() - began_s:.1f} s; open {address}/ (Ctrl-C stops everything)")

    try:
        return Supervisor(
            units,
            data_dir=settings.data_dir,
            on_claimed=lambda: _lay_switches(settings, keep=keep_faults),
            on_all_ready=all_ready,
            make_backoff=lambda: Backoff(max_s=settings.restart_pause_most_s),
        ).run()
    except AlreadyRunning as error:
        raise StartError(str(error)) from error


def prepare_for_all() -> None:
    """Before the fork what each process would otherwise do again, in each of its lives: half of the work of a start."""
    for name in USED_LATER:
        importlib.import_module(name)
    trusted()


def give_databases(settings: RunnerSettings) -> None:
    """With one `DATABASE_URL` for the whole mill each service gets a database of its own on that server."""
    given = {service: f"FILEMILL_{service.upper()}_DATABASE_URL" for service in WITH_DATA}
    missing = [service for service, variable in given.items() if not os.environ.get(variable)]
    if settings.database_url and missing:
        for service, url in share_out(settings.database_url, missing).items():
            os.environ[given[service]] = url


def _lay_switches(settings: RunnerSettings, *, keep: bool) -> None:
    """Only a mill that this machine alone can reach has switches for faults. They are off at a start."""
    switches = switches_file(settings.data_dir)
    if settings.host not in LOOPBACK_HOSTS:
        switches.unlink(missing_ok=True)
        return
    faults.write(switches, faults.read(switches) if keep else {})
    faults.take_switches(switches)
    if on := faults.read(switches):
        say_line(f"faults that are on: {', '.join(on)}; filemill fault all off")


def _send_prints_to(log: Path) -> None:
    """What is printed past the loggers (a crash of the interpreter, a library's word) goes to the process's log too."""
    log.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)


def _unit(member: Member, grace_s: float) -> Unit:
    module = importlib.import_module(member.module)
    run: Callable[[Callable[[str], None]], None] = module.run

    def work(report: Report) -> None:
        faults.name_process(member.name)
        long_start.listen(report.takes_long)
        _send_prints_to(Path(os.environ["FILEMILL_LOG_DIR"]) / f"{member.name}.log")
        try:
            run(report.ready)
        except StartError as error:
            report.fatal(str(error))
            sys.exit(1)

    return Unit(member.name, work, grace_s=grace_s, nice=member.nice, stage=member.stage)
