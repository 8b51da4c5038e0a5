"""`filemill tags`: one tag instead of several, on every file that has one of them."""

from typing import Annotated

import typer

from filemill.cli import screen
from filemill.cli.api import Api

tags = typer.Typer(help="Tags of all your files.", no_args_is_help=True)


@tags.callback()
def group() -> None:
    """Tags of all your files."""


@tags.command()
def merge(
    sources: Annotated[list[str], typer.Argument(metavar="TAG...", help="The tags that go.")],
    into: Annotated[str, typer.Option(help="The tag that files get instead.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give files one tag instead of several. Interrupted, it is simply repeated."""
    api, changed, refused, cursor = Api(), 0, 0, None
    while True:
        query = f"dry_run={str(dry_run).lower()}" + (f"&cursor={cursor}" if cursor else "")
        page = api.post(f"/api/metadata/tags/merge?{query}", {"from": sources, "into": into})
        changed, refused, cursor = changed + page["changed"], refused + page["refused"], page["next_cursor"]
        if cursor is None:
            break
    if as_json:
        screen.json_line({"changed": changed, "refused": refused, "dry_run": dry_run})
        return
    screen.say(f"{changed} files {'would get' if dry_run else 'got'} the tag {into!r} instead")
    if refused:
        screen.say(f"{refused} stay as they are: they would have too many tags")
