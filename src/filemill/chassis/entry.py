"""What a container runs: one service, its worker, its migration, or the question whether it is well.

    python -m filemill.chassis.entry run [SERVICE] [--worker | --workers N]
    python -m filemill.chassis.entry migrate [SERVICE] [--patience SECONDS]
    python -m filemill.chassis.entry well [SERVICE] [--worker]

`SERVICE` is `FILEMILL_IMAGE` when left out, which each image sets. `filemill run` and `filemill migrate` start the same here.
Not for: several services in one process group (`local.runner`).
On failure: one line on standard error and status 1; 2 for a command that is none.
"""

import argparse
import http.client
import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from filemill.chassis import long_start
from filemill.chassis.errors import StartError
from filemill.chassis.resilience.patience import patiently
from filemill.chassis.settings import PORTS, ServiceSettings, load

WITH_WORKER = ("processing", "ai")
WELL_S = 4.0
"""How long the question whether a service is well may take; Compose gives up after five seconds."""


def start(service: str, on_ready: Callable[[str], None], *, worker: bool = False, workers: int | None = None) -> None:
    """Run one service, or its worker, until asked to stop; `workers`: the jobs at a time. Raises `StartError`."""
    _must_be(service)
    worker = worker or workers is not None
    if worker and service not in WITH_WORKER:
        raise StartError(f"{service} has no worker; {' and '.join(WITH_WORKER)} have one")
    if workers is not None:
        os.environ[f"FILEMILL_{service.upper()}_WORKERS"] = str(workers)
    _room(f"filemill.{service}.{'worker' if worker else 'main'}").run(on_ready)


def migrate(service: str) -> str:
    """Bring the database of a service to this version; returns what to tell. Raises `StartError`."""
    _must_be(service)
    from filemill.chassis.database.migrate import migrate as run_migrations

    _room(f"filemill.{service}")
    revision = run_migrations(load(ServiceSettings, service=service))
    return f"{service} at revision {revision}" if revision else f"{service} owns no data"


def well(service: str, *, worker: bool = False) -> None:
    """Return if the service on this machine can do its job, or its worker has come up. Raises `StartError` otherwise."""
    _must_be(service)
    settings = load(ServiceSettings, service=service)
    if worker:
        if not _mark(settings).exists():
            raise StartError(f"{service}: the worker is not ready")
        return
    connection = http.client.HTTPConnection("127.0.0.1", settings.port(), timeout=WELL_S)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        said = answer.read(4096).decode(errors="replace")
    except OSError as error:
        raise StartError(f"{service}: no answer on port {settings.port()}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise StartError(f"{service}: {answer.status} {said}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit status."""
    asked = _parsed(arguments)
    # Not `FILEMILL_SERVICE`: that is a field of the settings, and each part of `operator` would be a service of that name.
    service = asked.service or os.environ.get("FILEMILL_IMAGE", "")
    try:
        if asked.command == "migrate":
            long_start.listen(lambda what: _say(f"{service} {what}"))
            patiently(partial(migrate, service), time.monotonic() + asked.patience, _say)
        elif asked.command == "well":
            well(service, worker=asked.worker)
        else:
            _run(service, worker=asked.worker or asked.workers is not None, workers=asked.workers)
    except StartError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)  # noqa: T201 - what a person reads in the container's log
        return 1
    return 0


def _run(service: str, *, worker: bool, workers: int | None) -> None:
    _must_be(service)
    mark = _mark(load(ServiceSettings, service=service))
    mark.unlink(missing_ok=True)  # an earlier process in this folder was ready, this one is not yet

    def ready(address: str) -> None:
        if worker:
            mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            mark.touch()
        _say(f"{service} ready at {address}")

    start(service, ready, worker=worker, workers=workers)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="filemill.chassis.entry", description="What a container runs.")
    parser.add_argument("command", choices=("run", "migrate", "well"))
    parser.add_argument("service", nargs="?", default="", help="default: FILEMILL_IMAGE")
    parser.add_argument("--worker", action="store_true", help="the worker beside processing or ai")
    parser.add_argument("--workers", type=int, choices=range(1, 65), metavar="N", help="as --worker, N jobs at a time")
    parser.add_argument(
        "--patience", type=float, default=0.0, metavar="SECONDS", help="how long migrate waits for engines"
    )
    return parser.parse_args(arguments)


def _room(name: str) -> Any:
    """A module of a service; an image carries only one. Raises `StartError` if it is not there."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise StartError(f"{name} is not part of this installation; each image carries one service") from error


def _must_be(service: str) -> None:
    if service not in PORTS:
        raise StartError(f"there is no service {service!r}; there are {', '.join(sorted(PORTS))}")


def _mark(settings: ServiceSettings) -> Path:
    """A worker answers nobody; that it came up stands in a file of its data folder."""
    return settings.data_dir / "run" / f"{settings.service}-worker.ready"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    sys.exit(main())
