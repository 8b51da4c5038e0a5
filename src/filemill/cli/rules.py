"""`filemill rules`: after how long files that match a search go to the trash."""

from typing import Annotated, Any

import typer

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

rules = typer.Typer(help="Retention rules: which files go to the trash, after how long.", no_args_is_help=True)

_PATH = "/api/metadata/rules"
Name = Annotated[str, typer.Argument(metavar="NAME", help="The rule's name, or its id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per result.")]


@rules.command("list")
def list_rules(as_json: AsJson = False) -> None:
    """Your rules, and what came of each last."""
    items = Api().get(_PATH)["items"]
    for rule in items:
        if as_json:
            screen.json_line(rule)
        else:
            _show(rule)
    if not items and not as_json:
        screen.say("there are no rules")


@rules.command()
def add(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    query: Annotated[list[str], typer.Argument(help="Which files: as for `search`, such as type:log tag:temporary.")],
    after_days: Annotated[int, typer.Option(min=1, help="So many days after `--since` they go to the trash.")],
    since: Annotated[str, typer.Option(help="created, or updated.")] = "created",
    inactive: Annotated[bool, typer.Option("--inactive", help="Keep it, and do nothing yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a rule, and see what it would delete now. It acts after a grace (FILEMILL_RULES_GRACE_HOURS)."""
    api = Api()
    body = {"name": name, "query": " ".join(query), "after_days": after_days, "since": since, "active": not inactive}
    rule = api.post(_PATH, body)
    if as_json:
        screen.json_line(rule)
        return
    _show(rule)
    _show_preview(api.get(f"{_PATH}/{rule['rule_id']}/preview", limit=10))


@rules.command()
def remove(name: Name) -> None:
    """Remove a rule. What it has brought to the trash stays there."""
    api = Api()
    rule = _find(api, name)
    api.delete(f"{_PATH}/{rule['rule_id']}")
    screen.say(f"{rule['name']}  removed")


@rules.command()
def preview(
    name: Name, limit: Annotated[int, typer.Option(min=1, max=500, help="Files to list.")] = 20, as_json: AsJson = False
) -> None:
    """What a rule would delete now. Nothing is deleted."""
    api = Api()
    found = api.get(f"{_PATH}/{_find(api, name)['rule_id']}/preview", limit=limit)
    if as_json:
        screen.json_line(found)
    else:
        _show_preview(found)


def _find(api: Api, name: str) -> dict[str, Any]:
    for rule in api.get(_PATH)["items"]:
        if name in (rule["name"], rule["rule_id"]):
            return dict(rule)
    raise CallFailed(f"there is no rule {name!r}; `filemill rules list` shows them")


def _show(rule: dict[str, Any]) -> None:
    state = f"acts from {rule['acts_from']}" if rule["active"] else "inactive"
    screen.say(f"{rule['name']}: {rule['query']}  {rule['after_days']} days after {rule['since']}, {state}")
    if rule["last_run"]:
        run = rule["last_run"]
        screen.say(f"    {run['at']}: {run['due']} due, {run['asked']} sent to the trash, {run['held']} held back")


def _show_preview(found: dict[str, Any]) -> None:
    for file in found["items"]:
        note = "  under a legal hold: stays" if file["held"] else ""
        screen.say(
            f"{file['file_id']}  {file['filename']}  {screen.size(file['size'])}  since {file['due_since']}{note}"
        )
    among = f" among the first {found['looked_at']:,} that match" if found["more"] else ""
    screen.say(f"{found['due']} files would go to the trash now ({screen.size(found['bytes'])}){among}")
    if found["held"]:
        screen.say(f"{found['held']} stay: they are under a legal hold")
