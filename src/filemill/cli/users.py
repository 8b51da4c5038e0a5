"""`filemill users`: everything that is kept of an owner, taken out or erased. Client commands, with an admin's key."""

from pathlib import Path
from typing import Annotated

import typer

users = typer.Typer(help="Everything of one owner: take it out, check it, erase it.", no_args_is_help=True)

Owner = Annotated[str, typer.Argument(metavar="OWNER", help="A name from `keys list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@users.command()
def export(
    output: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Where to; it appears once it is whole.")],
    owner: Annotated[
        str | None,
        typer.Option(help="Whose, for admins. None: your own. A key that reads for a day is made and ended."),
    ] = None,
) -> None:
    """Everything filemill keeps of an owner as one zip: contents, texts, findings, trail, keys (not the secrets), settings."""
    from filemill.cli.owner_export import export_owner

    export_owner(owner, output)


@users.command("check-export")
def check_export(
    path: Annotated[Path, typer.Argument(metavar="FILE.zip", exists=True, dir_okay=False)], as_json: AsJson = False
) -> None:
    """Hash every member of an export and compare it with its manifest. Exits with 1 if something is wrong."""
    from filemill.cli.owner_export import check

    if not check(path, as_json=as_json):
        raise typer.Exit(1)


@users.command()
def erase(
    owner: Owner,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Return when it is done, or waits for a hold.")] = True,
    as_json: AsJson = False,
) -> None:
    """Erase an owner: keys and sessions at once, then every file and everything else in every service. It cannot be undone."""
    from filemill.cli.owner_erasing import erase_owner

    erase_owner(owner, dry_run=dry_run, sure=yes, wait=wait, as_json=as_json)


@users.command()
def erasure(
    erasure_id: Annotated[str | None, typer.Argument(metavar="ID", help="None: list them.")] = None,
    as_json: AsJson = False,
) -> None:
    """How far an erasure is: the receipt."""
    from filemill.cli.owner_erasing import show_erasures

    show_erasures(erasure_id, as_json=as_json)
