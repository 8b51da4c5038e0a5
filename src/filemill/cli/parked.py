"""`filemill parked`: what failed its last try and waits for a person: events of every service, and jobs."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed

parked = typer.Typer(
    help="Events and jobs that failed their last try: list them, give them fresh tries.", no_args_is_help=True
)

EVENT_SERVICES = {
    "upload": "upload",
    "metadata": "metadata",
    "processing": "processing",
    "ai": "ai",
    "notification": "notifications",
}
JOB_SERVICES = ("processing", "ai")


@parked.command("list")
def list_parked(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per item.")] = False,
) -> None:
    """Everything that is parked, with its reason."""
    count = 0
    for item in _all(Api()):
        count += 1
        if as_json:
            screen.json_line(item)
        else:
            screen.say(f"{item['id']}  {item['service']} {item['kind']}  file {item['file_id']}  tries {item['tries']}")
            screen.say(f"    {item['reason']}")
    if not count and not as_json:
        screen.say("nothing is parked")


@parked.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids from `parked list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
) -> None:
    """Give parked events or jobs fresh tries."""
    if not ids and not everything:
        raise CallFailed("name what to retry, or say --all")
    api = Api()
    wanted = set(ids or ())
    for item in list(_all(api)):
        if everything or item["id"] in wanted:
            api.post(item["retry"])
            wanted.discard(item["id"])
            screen.say(f"{item['id']}  queued again")
    if wanted:
        raise CallFailed(f"not parked: {', '.join(sorted(wanted))}")


def _all(api: Api) -> Iterator[dict[str, Any]]:
    for service, prefix in EVENT_SERVICES.items():
        for message in api.get(f"/api/{prefix}/parked")["items"]:
            yield {
                **message,
                "service": service,
                "kind": message["type"],
                "retry": f"/api/{prefix}/parked/{message['id']}/retry",
            }
    for service in JOB_SERVICES:
        for job in api.items(f"/api/{service}/jobs", state="parked", limit=500):
            reason = job["reason"]["detail"] if job["reason"] else ""
            yield {
                "id": job["job_id"], "service": service, "kind": "job", "file_id": job["file_id"], "tries": job["attempts"],
                "reason": reason, "retry": f"/api/{service}/jobs/{job['job_id']}/retry",
            }  # fmt: skip
