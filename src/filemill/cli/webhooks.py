"""`filemill webhooks`: be told of events by HTTP: make, list, test and delete webhooks, see what was sent, send it again."""

from typing import Annotated, Any

import typer
from rich.text import Text

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

webhooks = typer.Typer(help="Be told of events by HTTP: add, test and remove webhooks.", no_args_is_help=True)

HOOKS = "/api/notifications/webhooks"
DELIVERIES = "/api/notifications/deliveries"

HookId = Annotated[str, typer.Argument(metavar="ID", help="An id from `webhooks list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per result.")]


@webhooks.command()
def add(
    url: Annotated[str, typer.Argument(help="Where to, https://…")],
    event: Annotated[
        list[str] | None, typer.Option(help="A type such as file.processed, or file.*; may be repeated. None: file.*")
    ] = None,
    description: Annotated[str, typer.Option(help="For yourself.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a webhook. Its secret is printed this once: the receiver checks signatures with it."""
    made = Api().post(HOOKS, {"url": url, "event_types": event or ["file.*"], "description": description})
    if as_json:
        screen.json_line(made)
        return
    screen.say(f"{made['webhook_id']}  {made['url']}  {', '.join(made['event_types'])}")
    screen.say(f"    secret {made['secret']}")


@webhooks.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """Your webhooks, newest first."""
    count = 0
    for hook in Api().items(HOOKS):
        count += 1
        if as_json:
            screen.json_line(hook)
            continue
        state = "on" if hook["enabled"] else "off"
        screen.say(
            f"{hook['webhook_id']}  ", _state(f"{state:<3}"), f" {hook['url']}  {', '.join(hook['event_types'])}"
        )
        if hook["disabled_reason"]:
            screen.say(f"    {hook['disabled_reason']['detail']}")
        elif hook["failures"]:
            screen.say(f"    the last {hook['failures']} tries failed")
    if not count and not as_json:
        screen.say("there are no webhooks; `filemill webhooks add URL` makes one")


@webhooks.command()
def remove(ids: Annotated[list[str], typer.Argument(help="Ids from `webhooks list`.")]) -> None:
    """Delete webhooks, with what is on its way to them."""
    api = Api()
    for hook_id in ids:
        api.delete(f"{HOOKS}/{hook_id}")
        screen.say(f"{hook_id}  deleted")


@webhooks.command()
def enable(hook_id: HookId, off: Annotated[bool, typer.Option("--off", help="Switch it off instead.")] = False) -> None:
    """Switch a webhook on again; what waits for it goes on."""
    Api().patch(f"{HOOKS}/{hook_id}", {"enabled": not off}, {})
    screen.say(f"{hook_id}  {'off' if off else 'on'}")


@webhooks.command("test")
def send_test(hook_id: HookId, as_json: AsJson = False) -> None:
    """Send a test now. Exit status 0 only if it was taken."""
    sent = Api().post(f"{HOOKS}/{hook_id}/test")
    _show(sent, as_json=as_json)
    if sent["state"] != "done":
        raise CallFailed(sent["error"] or "the test was not taken")


@webhooks.command()
def deliveries(
    hook_id: HookId,
    state: Annotated[str | None, typer.Option(help="queued, running, done or failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: AsJson = False,
) -> None:
    """What was sent to a webhook, newest first: tries, answers, why not."""
    for sent in Api().get(f"{HOOKS}/{hook_id}/deliveries", state=state, limit=limit)["items"]:
        _show(sent, as_json=as_json)


@webhooks.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids from `webhooks deliveries`.")] = None,
    failed_of: Annotated[str | None, typer.Option(help="Everything that failed of this webhook.")] = None,
    since: Annotated[str, typer.Option(help="With --failed-of: only since then (RFC 3339).")] = "1970-01-01T00:00:00Z",
) -> None:
    """Send again, under the same `webhook-id`s."""
    if bool(ids) == bool(failed_of):
        raise CallFailed("name deliveries, or say --failed-of WEBHOOK")
    api = Api()
    for delivery_id in ids or ():
        api.post(f"{DELIVERIES}/{delivery_id}/replay")
        screen.say(f"{delivery_id}  queued again")
    count = 0
    more = failed_of is not None
    while more:
        answer = api.post(f"{HOOKS}/{failed_of}/replay", {"failed_since": since})
        count, more = count + answer["replayed"], answer["more"]
    if failed_of:
        screen.say(f"{count} queued again")


def _show(sent: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.json_line(sent)
        return
    status = f"  {sent['status_code']}" if sent["status_code"] else ""
    took = f"  {screen.milliseconds(sent['duration_ms'])}" if sent["duration_ms"] is not None else ""
    screen.say(
        f"{sent['delivery_id']}  ",
        screen.state(f"{sent['state']:<7}"),
        f" {sent['type']}  try {sent['attempts']}{status}{took}",
    )
    if sent["error"]:
        again = f"; next try {screen.clock(sent['next_try_at'])}" if sent["next_try_at"] else ""
        screen.say(f"    {sent['error']}{again}")


def _state(text: str) -> Text:
    return Text(text, style="green" if text.startswith("on") else "yellow")
