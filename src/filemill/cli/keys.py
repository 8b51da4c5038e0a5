"""`filemill keys`: make, list and revoke API keys. Operator commands, beside the services.

So the first key can be made before anybody can call. A running mill sees a new key at once and a revoked one within a second.
"""

from typing import Annotated

import typer

keys = typer.Typer(help="API keys: who may call, and what they may do.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per key.")]


@keys.command()
def create(
    owner: Annotated[str, typer.Option(help="Whose files it opens: a name like ann or ann@example.org.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="files:read, files:write, files:delete, admin; several times. Default: the three of files."),
    ] = None,
    expires: Annotated[str | None, typer.Option(help="After 90m, 12h, 30d, 8w or 1y. Default: never.")] = None,
    name: Annotated[str, typer.Option(help="For people: what it is used for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    from filemill.cli.key_ring import create_key

    create_key(owner, scope, expires, name, as_json=as_json)


@keys.command("list")
def list_keys(
    owner: Annotated[str | None, typer.Option(help="Only this owner's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every key, newest first; never the key itself."""
    from filemill.cli.key_ring import show_keys

    show_keys(owner, as_json=as_json)


@keys.command()
def revoke(key_id: Annotated[str, typer.Argument(help="An id from `keys list`.")]) -> None:
    """End a key, and what was logged in with it: everywhere within a second."""
    from filemill.cli.key_ring import revoke_key

    revoke_key(key_id)
