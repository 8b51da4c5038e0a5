"""`filemill change`: tags and fields of everything that a search finds."""

import re
from typing import Any

import orjson

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

_PAIR = re.compile(r"([^=]+)=(.*)", re.DOTALL)


def change(query: str, add: list[str], remove: list[str], fields: list[str], *, dry_run: bool, as_json: bool) -> None:
    """Ask page by page. Interrupted, it is simply repeated: what is as it should be is not changed again."""
    body = {"add_tags": add, "remove_tags": remove, "custom": dict(_field(pair) for pair in fields)}
    api = Api()
    total, cursor = {"matched": 0, "changed": 0, "refused": 0}, None
    while True:
        shown = {"q": query, "dry_run": str(dry_run).lower()} | ({"cursor": cursor} if cursor else {})
        page = api.patch("/api/metadata/files", body, shown)
        for name in total:
            total[name] += page[name]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        if not as_json:
            screen.say(f"{total['matched']} files looked at, {total['changed']} changed")
    if as_json:
        screen.json_line(total | {"dry_run": dry_run})
        return
    verb = "would change" if dry_run else "changed"
    screen.say(f"{total['matched']} files match, {total['changed']} {verb}")
    if total["refused"]:
        screen.say(f"{total['refused']} stay as they are: they would have too many tags or fields")


def _field(pair: str) -> tuple[str, Any]:
    """NAME=VALUE: a number, true, false or JSON where it is one, else a text; nothing behind the sign removes the field."""
    found = _PAIR.fullmatch(pair)
    if found is None:
        raise CallFailed(f"--field takes NAME=VALUE; {pair!r} is none")
    name, value = found.groups()
    if not value:
        return name, None
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value
