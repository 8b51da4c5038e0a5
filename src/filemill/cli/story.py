"""`filemill trace`: the story of a file as a tree, each hop and step with its time, from its upload to now."""

from itertools import groupby
from typing import Any

from rich.text import Text
from rich.tree import Tree

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed
from filemill.contracts.ids import is_id


def find_timeline(api: Api, wanted: str) -> dict[str, Any]:
    """The timeline of a file id, or of the file a request id belongs to."""
    if is_id(wanted):
        try:
            return api.get(f"/api/metadata/files/{wanted}/timeline")  # type: ignore[no-any-return]
        except CallFailed as error:
            if error.code != "not-found":
                raise
    file_id = api.get(f"/api/metadata/requests/{wanted}/file")["file_id"]
    return api.get(f"/api/metadata/files/{file_id}/timeline")  # type: ignore[no-any-return]


def draw(timeline: dict[str, Any], filename: str) -> Tree:
    """The tree: one branch per service that had the file, in order, its steps below."""
    title = Text(f"{filename}  {timeline['file_id']}  ") + screen.state(timeline["status"])
    tree = Tree(title, guide_style="dim")
    items = timeline["items"]
    first = items[0]["at"] if items else None
    for service, entries in groupby(items, key=lambda entry: entry["service"]):
        branch = tree.add(Text(service, style="bold"))
        for entry in entries:
            branch.add(_line(entry, first))
    tree.add(Text(timeline["why"]))
    return tree


def _line(entry: dict[str, Any], first: str | None) -> Text:
    took = screen.milliseconds(entry["duration_ms"])
    line = Text(f"{_since(first, entry['at']):>9}  {entry['step']:<18} ") + screen.state(f"{entry['state']:<14}")
    if took:
        line += Text(f" {took:>8}")
    if entry["detail"].get("reused"):
        line += Text("  found before, used again", style="dim")
    if entry["attempt"] and entry["attempt"] > 1:
        line += Text(f"  try {entry['attempt']}")
    if entry["reason"]:
        line += Text(f"  {entry['reason']['detail']}", style="dim")
    return line


def _since(first: str | None, at: str) -> str:
    from datetime import datetime

    if first is None:
        return ""
    passed = datetime.fromisoformat(at) - datetime.fromisoformat(first)
    return f"+{screen.milliseconds(max(0.0, passed.total_seconds() * 1000))}"
