"""`filemill share` and `filemill shares`: let others read a file by a link, see how often they did, take the link back."""

from typing import Annotated, Any

import typer

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed
from filemill.cli.durations import seconds_in

shares = typer.Typer(help="Links to your files: list them, take them back.", no_args_is_help=True)
sharing = typer.Typer()

FileId = Annotated[str, typer.Argument(metavar="ID", help="The file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per link.")]


@sharing.command()
def share(
    file_id: FileId,
    expires: Annotated[str, typer.Option(help="After 90m, 12h, 30d, 8w.")] = "7d",
    version: Annotated[
        int | None, typer.Option(help="Only this one. None: the newest at the time it is opened.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="For yourself: for whom it is.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a link that reads a file without credentials, and print it, this once. `shares revoke` takes it back."""
    seconds = seconds_in(expires)
    if seconds is None:
        raise CallFailed(f"--expires {expires!r}: a number and m, h, d, w or y")
    asked = {"expires_in": seconds, "version": version, "note": note}
    made = Api().post(f"/api/upload/files/{file_id}/shares", {k: v for k, v in asked.items() if v is not None})
    if as_json:
        screen.json_line(made)
        return
    screen.say(made["url"])
    screen.say(f"    link {made['share_id']}, until {made['expires_at']}")


@shares.command("list")
def list_shares(file_id: FileId, as_json: AsJson = False) -> None:
    """The links to a file, newest first; never their secrets."""
    count = 0
    for one in Api().items(f"/api/upload/files/{file_id}/shares"):
        count += 1
        if as_json:
            screen.json_line(one)
        else:
            _show(one)
    if not count and not as_json:
        screen.say("the file has no links; `filemill share ID` makes one")


@shares.command()
def revoke(
    file_id: FileId, ids: Annotated[list[str], typer.Argument(metavar="LINK...", help="Ids from `shares list`.")]
) -> None:
    """Take links back: they open nothing from now on."""
    api = Api()
    for share_id in ids:
        api.delete(f"/api/upload/files/{file_id}/shares/{share_id}")
        screen.say(f"{share_id}  taken back")


def _show(one: dict[str, Any]) -> None:
    version = f"  version {one['version']}" if one["version"] else ""
    note = f"  {one['note']}" if one["note"] else ""
    screen.say(f"{one['share_id']}  {one['state']:<7}  until {one['expires_at']}{version}{note}")
    last = f", last {one['last_opened_at']}" if one["last_opened_at"] else ""
    screen.say(f"    made {one['created_at']}, opened {one['opens']} times{last}")
