"""What is asked of webhooks over HTTP, and how a wrong question is answered."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from filemill.chassis.database.database import Database
from filemill.chassis.ids import new_id
from filemill.chassis.sealing import Seal
from filemill.contracts.topics import Topic
from filemill.notification import repository
from filemill.notification.consumers import on_purged
from filemill.notification.keeping import Keeper
from filemill.notification.webhook_secrets import PURPOSE
from support import samples
from support.receiver import Receiver

Hook = Callable[..., Awaitable[dict[str, Any]]]
Told = Callable[..., Awaitable[None]]
Until = Callable[..., Awaitable[Any]]


async def test_webhook_when_it_is_made_shown_changed_and_deleted_then_only_its_making_shows_the_secret(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    """The whole life of one."""
    body = {"url": f"{receiver.url}/h?token=1", "event_types": ["file.processed", "file.processed"], "description": "x"}
    answer = await client.post("/webhooks", json=body, headers={"X-Forwarded-Prefix": "/api/notifications"})
    made = answer.json()
    path = f"/webhooks/{made['webhook_id']}"
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/notifications{path}")
    assert answer.headers["cache-control"] == "no-store"
    assert made["secret"].startswith("whsec_")
    assert made["event_types"] == ["file.processed"]
    shown = (await client.get(path)).json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    changed = (await client.patch(path, json={"enabled": False, "description": "y"})).json()
    assert (changed["enabled"], changed["description"], changed["url"]) == (False, "y", body["url"])
    assert (await client.get("/webhooks")).json()["items"] == [changed]
    assert (await client.delete(path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await client.request(method, path)).json()["code"] == "not-found"


async def test_webhooks_when_there_are_many_then_pages_hold_each_once_and_there_is_an_end_to_them(
    client: httpx.AsyncClient, hook: Hook
) -> None:
    """Twenty for one owner."""
    made = [(await hook(f"/{number}"))["webhook_id"] for number in range(20)]
    found, cursor = [], None
    while True:
        page = (await client.get("/webhooks", params={"limit": 7, **({"cursor": cursor} if cursor else {})})).json()
        found += [one["webhook_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == made[::-1]
    refused = await client.post("/webhooks", json={"url": "http://127.0.0.1:9999/x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-webhooks")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "bad-request"),
        ({"url": 7}, 400, "bad-request"),
        ({"url": "https://" + "x" * 3000}, 400, "bad-request"),
        ({"url": "ftp://x.example"}, 422, "webhook-url-refused"),
        ({"url": "https://10.0.0.1/"}, 422, "webhook-url-refused"),
        ({"url": "http://127.0.0.1:9/", "event_types": ["file.nothing"]}, 400, "unknown-event-type"),
        ({"url": "http://127.0.0.1:9/", "event_types": ["*"]}, 400, "unknown-event-type"),
        ({"url": "http://127.0.0.1:9/", "event_types": ["webhook.*"]}, 400, "unknown-event-type"),
        ({"url": "http://127.0.0.1:9/", "event_types": []}, 400, "bad-request"),
        ({"url": "http://127.0.0.1:9/", "event_types": ["file.*"] * 51}, 400, "bad-request"),
        ({"url": "http://127.0.0.1:9/", "owner_id": "ada"}, 400, "bad-request"),
        ({"url": "http://127.0.0.1:9/", "secret": "whsec_AAAA"}, 400, "bad-request"),
    ],
)
async def test_webhook_when_it_cannot_be_made_then_a_code_says_why(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    """Nothing is guessed, and nothing of another's is set."""
    answer = await client.post("/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_any_call_when_it_is_about_anothers_webhook_then_it_is_not_found(
    client: httpx.AsyncClient, hook: Hook, database: Database, tell: Told, until: Until, receiver: Receiver
) -> None:
    """Another owner's ids, unknown ones and what is no id at all look the same."""
    made = await hook("/o")
    await tell(samples.event(Topic.UPLOADED, samples.uploaded(new_id())))
    await until(lambda: receiver.at("/o"))
    items = (await client.get(f"/webhooks/{made['webhook_id']}/deliveries")).json()["items"]
    for table in ("webhooks", "deliveries"):
        await database.write(
            "test", lambda tx, table=table: tx.execute(text(f"UPDATE {table} SET owner_id = 'ada'")).rowcount
        )
    for hook_id in (made["webhook_id"], new_id(), "x", "0" * 36):
        for method, path, body in (
            ("GET", "", None), ("PATCH", "", {"enabled": False}), ("DELETE", "", None), ("POST", "/test", None),
            ("POST", "/rotate-secret", {}), ("GET", "/deliveries", None),
            ("POST", "/replay", {"failed_since": "2020-01-01T00:00:00Z"}),
        ):  # fmt: skip
            answer = await client.request(method, f"/webhooks/{hook_id}{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), (method, path)
    for delivery_id in (items[0]["delivery_id"], new_id(), "x"):
        for method, path in (("GET", ""), ("POST", "/replay")):
            assert (await client.request(method, f"/deliveries/{delivery_id}{path}")).status_code == 404
    assert (await client.get("/webhooks")).json()["items"] == []
    assert len(receiver.at("/o")) == 1


@pytest.mark.parametrize("since", ["yesterday", "2020-01-01T00:00:00", "", 5e99])
async def test_replay_when_the_moment_makes_no_sense_then_400(
    client: httpx.AsyncClient, hook: Hook, since: Any
) -> None:
    """A time needs its offset."""
    made = await hook("/m")
    answer = await client.post(f"/webhooks/{made['webhook_id']}/replay", json={"failed_since": since})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


async def test_deliveries_when_there_are_many_then_pages_hold_each_once(
    client: httpx.AsyncClient, hook: Hook, tell: Told
) -> None:
    """Newest first, by state too; a cursor of another list is refused."""
    made = await hook("/p")
    events = [samples.event(Topic.UPLOADED, samples.uploaded(new_id())) for _ in range(9)]
    for event in events:
        await tell(event)
    path = f"/webhooks/{made['webhook_id']}/deliveries"
    first = (await client.get(path, params={"limit": 5})).json()
    second = (await client.get(path, params={"limit": 5, "cursor": first["next_cursor"]})).json()
    assert [one["event_id"] for one in [*first["items"], *second["items"]]] == [event.id for event in events[::-1]]
    assert second["next_cursor"] is None
    assert (await client.get(path, params={"cursor": "x"})).status_code == 400
    assert (await client.get(path, params={"state": "x"})).status_code == 400


async def test_purge_when_a_file_goes_then_what_was_sent_of_it_goes_too(
    client: httpx.AsyncClient, hook: Hook, tell: Told, database: Database, until: Until, receiver: Receiver
) -> None:
    """Erasure: bodies with names are deleted, sent or not; the news of the purge is still delivered."""
    made = await hook("/e")
    event = samples.event(Topic.UPLOADED, samples.uploaded(new_id(), filename="secret name.txt"))
    await tell(event)
    await until(lambda: receiver.at("/e"))
    purged = samples.event(Topic.PURGED, samples.lifecycle(event.subject, purge_id=new_id()))
    await database.write("test", on_purged, purged)
    await until(lambda: len(receiver.at("/e")) >= 2)
    items = (await client.get(f"/webhooks/{made['webhook_id']}/deliveries")).json()["items"]
    assert {one["type"] for one in items} <= {"file.purged", "file.purge-confirmed"}
    assert items


async def test_housekeeping_when_rows_are_old_or_too_many_then_they_go_and_the_webhook_is_off_with_notice(
    client: httpx.AsyncClient, hook: Hook, tell: Told, database: Database, receiver: Receiver, until: Until
) -> None:
    """Days kept and events waiting are bounded; the owner is told."""
    receiver.answers["/k"] = [500]
    made = await hook("/k")
    for _ in range(12):
        await tell(samples.event(Topic.UPLOADED, samples.uploaded(new_id())))
    await until(lambda: receiver.at("/k"))
    seal = Seal(["k" * 32], PURPOSE)
    await Keeper(database, seal, keep_s=3600, queue_most=3).tidy_once()
    off = (await client.get(f"/webhooks/{made['webhook_id']}")).json()
    assert (off["enabled"], off["disabled_reason"]["code"]) == (False, "too-far-behind")
    await Keeper(database, seal, keep_s=-60, queue_most=3).tidy_once()
    assert (await client.get(f"/webhooks/{made['webhook_id']}/deliveries")).json()["items"] == []
    assert [one.type for one in await database.read(repository.after, "local", 0, 99)][-1] == "webhook.disabled"
