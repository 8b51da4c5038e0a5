"""`filemill search`: what was found, where and how; and what the search made of the words."""

from typing import Any

from rich.text import Text

from filemill.cli import screen
from filemill.cli.api import Api


def search(query: str, conditions: dict[str, str | None], limit: int, *, as_json: bool) -> None:
    """Show a page of hits. Raises `CallFailed`."""
    page = Api().get("/api/metadata/files", q=query, limit=limit, **conditions)
    for hit in page["items"]:
        if as_json:
            screen.json_line(hit)
        else:
            _show(hit)
    if as_json:
        return
    if not page["items"]:
        screen.say("nothing found")
    for note in _notes(page, limit):
        screen.say(Text(note, style="dim"))


def _show(hit: dict[str, Any]) -> None:
    screen.say(f"{hit['file_id']}  ", screen.state(f"{hit['status']:<10}"), f" {hit['filename']}")
    if hit["matched_in"]:
        screen.say(Text(f"    in {', '.join(_where(hit))}", style="dim"))
    for piece in hit["highlights"]:
        screen.say(f"    … {piece} …")


def _where(hit: dict[str, Any]) -> list[str]:
    """The fields, each with its pages or names where they are known."""
    said: dict[str, list[str]] = {}
    for place in hit["matched_at"]:
        more = f"page {place['page']}" if place["page"] else place["name"]
        said.setdefault(place["field"], []).extend([more] if more else [])
    rest = [name for name in hit["matched_in"] if name not in said and not (name == "title" and said.keys() & _TITLES)]
    return [f"{name} ({', '.join(more)})" if more else name for name, more in said.items()] + rest


_TITLES = {"title", "description", "external_id", "custom"}
"""What the searched field `title` may be told apart as."""


def _notes(page: dict[str, Any], limit: int) -> list[str]:
    notes = [f"no file has {typed!r}: these have {taken!r}" for typed, taken in page["corrected"].items()]
    notes += [f"did you mean {other!r} for {typed!r}?" for typed, other in page["did_you_mean"].items()]
    if page["semantic"] and not page["semantic"]["used"]:
        notes.append(f"by words only: {page['semantic']['reason']}")
    if page["not_indexed"]:
        notes.append(f"{page['not_indexed']:,} files are not in the index yet")
    if page["ranked_among"]:
        notes.append(f"ranked among the newest {page['ranked_among']:,} that match")
    if page["next_cursor"]:
        notes.append(f"more than {limit}; narrow the search or raise --limit")
    return notes
