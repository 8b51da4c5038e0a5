"""What `filemill users erase` does: ask, show how far it is. The work is the services' (`access.erasing`)."""

import sys
import time
from typing import Any

import typer

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

ERASURES = "/api/access/erasures"
LOOK_EVERY_S = 0.5
WAIT_MOST_S = 24 * 3600.0


def erase_owner(owner: str, *, dry_run: bool, sure: bool, wait: bool, as_json: bool) -> None:
    """Raises `CallFailed`; also when nobody can be asked whether that is meant."""
    api = Api()
    if dry_run:
        _say_what_there_is(api, owner, as_json=as_json)
        return
    if not sure:
        if not sys.stdin.isatty():
            raise CallFailed("this cannot be undone: say --yes, or --dry-run to see what there is")
        if typer.prompt(f"This erases {owner} and cannot be undone. Type the name again") != owner:
            raise CallFailed("that was another name; nothing was erased")
    said = api.post(ERASURES, {"owner_id": owner})
    until_s = time.monotonic() + WAIT_MOST_S
    with screen.bars() as progress:
        while wait and said["state"] == "running" and time.monotonic() < until_s:
            confirmed = [one["state"] == "confirmed" for one in said["services"].values()]
            progress("services done", sum(confirmed), len(confirmed))
            time.sleep(LOOK_EVERY_S)
            said = api.get(f"{ERASURES}/{said['erasure_id']}")
    _show(said, as_json=as_json)


def show_erasures(erasure_id: str | None, *, as_json: bool) -> None:
    """One receipt, or all of them."""
    api = Api()
    if erasure_id is not None:
        _show(api.get(f"{ERASURES}/{erasure_id}"), as_json=as_json)
        return
    count = 0
    for said in api.items(ERASURES):
        count += 1
        if as_json:
            screen.json_line(said)
        else:
            screen.say(f"{said['erasure_id']}  {said['state']:<7}  asked {said['asked_at']}  {said['owner_id'] or ''}")
    if not count and not as_json:
        screen.say("nobody was erased")


def _say_what_there_is(api: Api, owner: str, *, as_json: bool) -> None:
    keys = sum(1 for key in api.items("/api/access/keys", owner=owner) if not key["revoked_at"])
    period = {"from": "1970-01-02T00:00:00Z"}
    told = api.get("/api/metadata/analytics/owners", **period)
    # Of very many owners only those with most bytes are told: of another one it is not known here.
    nothing = {"files": None, "bytes": None} if told["more"] else {"files": 0, "bytes": 0}
    numbers: dict[str, Any] = next((one for one in told["items"] if one["owner_id"] == owner), nothing)
    said = {"owner_id": owner, "keys": keys, "files": numbers["files"], "bytes": numbers["bytes"]}
    if as_json:
        screen.json_line(said)
        return
    files = "files" if said["files"] is None else f"{said['files']} living files, {screen.size(said['bytes'])}"
    screen.say(f"{owner}: {keys} keys that work, {files}")
    screen.say("    and what lies in the trash, unfinished uploads, sessions, webhooks, rules, saved searches")


def _show(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.json_line(said)
        return
    screen.say(
        f"{said['erasure_id']}  ", screen.state(said["state"]), f"  asked {said['asked_at']} by {said['asked_by']}"
    )
    for service, one in sorted(said["services"].items()):
        removed = ", ".join(f"{count} {table}" for table, count in sorted(one["removed"].items()))
        screen.say(f"    {service:<13} {one['state']:<10}  {removed}")
    if said["held_count"]:
        screen.say(f"    waits for {said['held_count']} files under a legal hold: {', '.join(said['held'][:10])}")
        screen.say("    it goes on by itself when they are released: filemill hold ID --release")
    if said["done_at"]:
        screen.say(f"    done {said['done_at']}; what remains by design:")
        for one in said["remains"]:
            screen.say(f"      {one['what']} (until: {one['until']})")
