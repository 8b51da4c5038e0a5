"""`filemill searches`: searches kept under a name, for `filemill search --saved NAME`."""

from typing import Annotated

import typer

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

searches = typer.Typer(help="Searches kept under a name, for `search --saved NAME`.", no_args_is_help=True)

_PATH = "/api/metadata/searches"


@searches.command("list")
def list_searches(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per search.")] = False,
) -> None:
    """Your saved searches."""
    items = Api().get(_PATH)["items"]
    for saved in items:
        if as_json:
            screen.json_line(saved)
        else:
            more = "".join(f"  {name} {saved[name]}" for name in ("sort", "mode") if saved[name])
            screen.say(f"{saved['name']}: {saved['query']}{more}")
    if not items and not as_json:
        screen.say("no search is saved")


@searches.command()
def add(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    query: Annotated[list[str], typer.Argument(help="As for `search`.")],
    sort: Annotated[str | None, typer.Option(help="relevance, newest, oldest, name or size.")] = None,
    meaning: Annotated[bool, typer.Option("--meaning", help="By meaning, too.")] = False,
) -> None:
    """Save a search."""
    mode = "hybrid" if meaning else None
    saved = Api().post(_PATH, {"name": name, "query": " ".join(query), "sort": sort, "mode": mode})
    screen.say(f"{saved['name']}: {saved['query']}")


@searches.command()
def remove(name: Annotated[str, typer.Argument(help="The search's name.")]) -> None:
    """Forget a saved search."""
    api = Api()
    for saved in api.get(_PATH)["items"]:
        if saved["name"] == name:
            api.delete(f"{_PATH}/{saved['search_id']}")
            screen.say(f"{name}  removed")
            return
    raise CallFailed(f"no search is saved as {name!r}; `filemill searches list` shows them")
