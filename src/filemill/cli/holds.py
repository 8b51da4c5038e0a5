"""`filemill hold`: keep a file whatever anybody wants to delete, and let it go again."""

from typing import Annotated

import typer

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

holds = typer.Typer()


@holds.command()
def hold(
    file_id: Annotated[str | None, typer.Argument(metavar="ID", help="The file. None: list what is held.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; whoever wants to delete the file is told.")] = None,
    release: Annotated[bool, typer.Option("--release", help="End the hold.")] = False,
    everyone: Annotated[bool, typer.Option("--everyone", help="List those of every owner; for admins.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per file.")] = False,
) -> None:
    """Place a legal hold on a file, which then cannot be deleted; release it; or list the files under one."""
    if file_id is None:
        if reason is not None or release:
            raise CallFailed("which file? filemill hold ID --reason … or filemill hold ID --release")
        _list(everyone=everyone, as_json=as_json)
        return
    if (reason is None) != release:
        raise CallFailed("a hold needs --reason, and --release takes none")
    path = f"/api/upload/files/{file_id}/hold"
    if release:
        Api().delete(path)
        screen.say(f"{file_id}  released")
        return
    placed = Api().post(path, {"reason": reason})
    if as_json:
        screen.json_line(placed)
    else:
        screen.say(f"{file_id}  held since {placed['placed_at']}: {placed['reason']}")


def _list(*, everyone: bool, as_json: bool) -> None:
    count = 0
    for held in Api().items("/api/upload/holds", everyone=str(everyone).lower()):
        count += 1
        if as_json:
            screen.json_line(held)
            continue
        where = "  in the trash" if held["deleted_at"] else ""
        screen.say(f"{held['file_id']}  {held['filename']}  of {held['owner_id']}{where}")
        screen.say(f"    {held['hold']['placed_by']}, {held['hold']['placed_at']}: {held['hold']['reason']}")
    if not count and not as_json:
        screen.say("no file is under a legal hold")
