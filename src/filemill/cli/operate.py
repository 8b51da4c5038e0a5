"""The operator's commands: start the mill, run one service, bring a schema up to date."""

from pathlib import Path
from typing import Annotated

import typer

from filemill.cli import screen

operate = typer.Typer()

SERVICES = ("gateway", "access", "upload", "metadata", "ai", "processing", "notification")


@operate.command()
def up(
    keep_faults: Annotated[
        bool, typer.Option("--keep-faults", help="What `filemill fault` switched on stays on.")
    ] = False,
) -> None:
    """Start every service on this machine, until Ctrl-C."""
    from filemill.local.runner import run_mill

    raise typer.Exit(run_mill(keep_faults=keep_faults))


@operate.command()
def run(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    worker: Annotated[
        bool, typer.Option("--worker", help="The worker beside processing or ai, without the HTTP face.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, max=64, help="As --worker, with this many jobs at a time; Celery's on RabbitMQ."
        ),
    ] = None,
) -> None:
    """Run one service in this process, until Ctrl-C."""
    from filemill.chassis.entry import start

    start(service, lambda address: screen.say(f"{service} ready at {address}"), worker=worker, workers=workers)


@operate.command()
def migrate(
    services: Annotated[list[str], typer.Argument(help="The services whose databases to bring up to date.")],
) -> None:
    """Bring a service's database to the schema of this version (a start does it too)."""
    from filemill.chassis import entry

    for service in services:
        screen.say(entry.migrate(service))


@operate.command("make-bucket")
def make_bucket() -> None:
    """Make the bucket that STORAGE_URL names, if it is not there."""
    from filemill.chassis.settings import ServiceSettings, load
    from filemill.chassis.storage.build import make_bucket as make

    screen.say(make(load(ServiceSettings)))


@operate.command()
def prepare(
    patience: Annotated[float, typer.Option(min=0, help="Seconds to wait for engines that are not there yet.")] = 300,
) -> None:
    """Make the bucket and bring every schema up to date, as soon as the engines answer."""
    from filemill.cli.prepare import prepare as run

    run(patience)


@operate.command()
def certificate(
    folder: Annotated[Path, typer.Argument(help="Where the gateway finds tls.crt and tls.key.", exists=True)],
) -> None:
    """Check the certificate of a folder, or put one there that is signed by itself, for the host of FILEMILL_PUBLIC_URL."""
    import os

    from filemill.cli.certificate import provide

    screen.say(provide(folder, os.environ.get("FILEMILL_PUBLIC_URL")))


@operate.command()
def plan(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="Any file of this machine.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Show which steps would run on a file, and why. Nothing is stored; no server is needed."""
    from filemill.chassis.settings import load
    from filemill.cli.plan import show_plan
    from filemill.processing.settings import ProcessingSettings

    show_plan(file, load(ProcessingSettings), as_json=as_json)


@operate.command()
def logs(
    request: Annotated[str, typer.Option("--request", metavar="ID", help="The request's id (`X-Request-ID`).")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Log files besides those of the data folder: NGINX's access log; `-`: standard input."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lines as they are.")] = False,
) -> None:
    """What every process wrote about one request, in order. Exits with 1 if nothing was."""
    from filemill.cli.logs import show

    raise typer.Exit(0 if show(request, files or [], as_json=as_json) else 1)


@operate.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False) -> None:
    """Hash every stored file again and compare what the services know. Reads only; the mill must be stopped."""
    from filemill.cli.verify import verify_installation

    raise typer.Exit(0 if verify_installation(as_json=as_json) else 1)


@operate.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where the backup is kept, best on another disk.")],
    keep: Annotated[int, typer.Option(min=1, help="How many snapshots to keep.")] = 7,
) -> None:
    """Copy everything to a folder while the mill runs; a second backup into the same folder copies what is new."""
    from filemill.cli.backup import make_backup

    raise typer.Exit(0 if make_backup(folder, keep=keep) else 1)


@operate.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `filemill backup` made.", exists=True)],
    snapshot: Annotated[str | None, typer.Option(help="Which snapshot; the newest if not given.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a restore that was interrupted.")] = False,
) -> None:
    """Bring a backup into an empty installation, on whatever engines the environment chooses; then verify it."""
    from filemill.cli.backup import restore_backup

    raise typer.Exit(0 if restore_backup(folder, snapshot=snapshot, resume=resume) else 1)


@operate.command()
def move(
    to_env: Annotated[Path, typer.Option(help="The new installation's environment: a file of NAME=value lines.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a move that was interrupted.")] = False,
) -> None:
    """Copy a stopped installation, all of it, to the engines a file names; then verify both. Nothing is deleted here."""
    from filemill.cli.move import move_installation

    raise typer.Exit(0 if move_installation(to_env, resume=resume) else 1)
