"""`filemill audit`: what an operator asks the audit trail."""

from pathlib import Path
from typing import Annotated

import typer

audit = typer.Typer(help="The audit trail: is it what was written, and what is its head.", no_args_is_help=True)


@audit.callback()
def group() -> None:
    """The audit trail: is it what was written, and what is its head."""


@audit.command()
def head() -> None:
    """Print the newest head as a line of JSON. Keep such lines elsewhere: `verify --heads` holds the trail against them."""
    from filemill.cli.audit_trail import show_head

    show_head()


@audit.command()
def verify(
    heads: Annotated[
        Path | None,
        typer.Option(help="A file with lines that `filemill audit head` printed.", exists=True, dir_okay=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Hash every sealed entry again. Exits with 1 if one was changed, dropped or moved. The mill may run meanwhile.

    That its end was cut off, or all of it written anew, shows only against heads that were kept elsewhere.
    """
    from filemill.cli.audit_trail import verify_trail

    if not verify_trail(heads, as_json=as_json):
        raise typer.Exit(1)
