"""A receiver that misbehaves costs nobody else anything; several instances share the work; the dead lose nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from sqlalchemy import text

from filemill.chassis.database.database import Database
from filemill.chassis.ids import new_id
from filemill.contracts.topics import Topic
from filemill.notification import claims_repository, deliveries_repository, main
from filemill.notification.claims_repository import Limits
from filemill.notification.deliveries_repository import Outcome
from filemill.notification.delivering import settle
from filemill.notification.settings import NotificationSettings
from support import samples
from support.asgi import running
from support.receiver import Receiver

Hook = Callable[..., Awaitable[dict[str, Any]]]
Told = Callable[..., Awaitable[None]]
Until = Callable[..., Awaitable[Any]]
PassTime = Callable[[float], Awaitable[None]]
LIMITS = Limits(most=64, per_host=8, per_webhook=4, per_owner=16)


def uploaded() -> Any:
    return samples.event(Topic.UPLOADED, samples.uploaded(new_id()))


async def test_delivering_when_one_never_answers_and_one_sends_a_gigabyte_then_a_third_notices_nothing(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until
) -> None:
    """All three are on one host. The silent one has four tries in hand for 15 s each; the good one gets everything."""
    receiver.silent.add("/silent")
    receiver.huge.add("/huge")
    for path in ("/silent", "/huge", "/good"):
        await hook(path, event_types=["file.uploaded"])
    for _ in range(40):
        await tell(uploaded())
    await until(lambda: len(receiver.at("/good")) == 40, 12.0)
    assert receiver.most_in_hand["/silent"] <= 4
    assert receiver.most_in_hand["/good"] <= 4
    await until(lambda: len(receiver.at("/huge")) >= 40)  # the status is all that counts of it


async def test_delivering_when_a_try_takes_too_long_then_it_is_given_up_and_says_so(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until
) -> None:
    """15 seconds in all; from then on that webhook gets one try at a time."""
    receiver.silent.add("/s")
    made = await hook("/s")
    for _ in range(6):
        await tell(uploaded())
    path = f"/webhooks/{made['webhook_id']}/deliveries"

    async def given_up() -> list[dict[str, Any]]:
        items = (await client.get(path)).json()["items"]
        return [one for one in items if one["error"]]

    found = await until(given_up)
    assert found[0]["error"] == "no answer within 15 seconds"
    assert found[0]["status_code"] is None
    assert 14_000 < found[0]["duration_ms"] < 20_000
    assert receiver.most_in_hand["/s"] == 4


async def test_claim_when_many_wait_then_it_is_shared_by_webhook_host_and_owner(
    database: Database, settings: NotificationSettings
) -> None:
    """Who has the least in hand comes first; no host, webhook or owner has more than its share."""

    def fill(tx: Any) -> None:
        for owner, host, count in (("ada", "a.example", 3), ("bob", "b.example", 1), ("eve", "e.example", 20)):
            for _ in range(count):
                hook_id = new_id()
                _add_hook(tx, hook_id, owner, host)
                news = [_news(hook_id, owner) for _ in range(10)]
                deliveries_repository.add(tx, news)

    await database.write("test", fill)
    claimed = await database.write("test", claims_repository.claim, "me:1:1", LIMITS)
    by_owner = {owner: [one for one in claimed if one.owner_id == owner] for owner in ("ada", "bob", "eve")}
    assert {owner: len(found) for owner, found in by_owner.items()} == {"ada": 8, "bob": 4, "eve": 8}
    again = await database.write("test", claims_repository.claim, "me:1:1", LIMITS)
    assert again == [], "everybody has their share in hand already, over all claims"


def _add_hook(tx: Any, hook_id: str, owner: str, host: str) -> None:
    statement = text(
        "INSERT INTO webhooks (webhook_id, owner_id, url, host, event_types, description, enabled, secret, created_at,"
        " updated_at) VALUES (:id, :owner, 'https://x.example', :host, '[]', '', :on, '', :now, :now)"
    )
    now = samples.event(Topic.UPLOADED, samples.uploaded(new_id())).time
    tx.execute(statement, {"id": hook_id, "owner": owner, "host": host, "on": True, "now": now})


def _news(hook_id: str, owner: str) -> deliveries_repository.NewDelivery:
    return deliveries_repository.NewDelivery(hook_id, owner, new_id(), "file.uploaded", new_id(), b"{}")


async def test_settle_when_the_lease_was_taken_over_then_nothing_is_written(
    database: Database, settings: NotificationSettings
) -> None:
    """A holder that comes back late changes neither the delivery nor what is said of its webhook."""

    def one(tx: Any) -> None:
        hook_id = new_id()
        _add_hook(tx, hook_id, "ada", "a.example")
        deliveries_repository.add(tx, [_news(hook_id, "ada")])

    await database.write("test", one)
    [first] = await database.write("test", claims_repository.claim, "elsewhere:1:1", LIMITS)
    await database.write("test", lambda tx: tx.execute(text("UPDATE deliveries SET lease_until = 1")).rowcount)
    assert await database.write("test", deliveries_repository.free_abandoned) == 1
    [second] = await database.write("test", claims_repository.claim, "elsewhere:1:1", LIMITS)
    assert second.fence > first.fence
    late = Outcome(410, 1.0, None, "status 410")
    assert await database.write("test", settle, first, late) == "not-ours"
    assert await database.write("test", settle, second, Outcome(200, 1.0, "ok", None)) == "done"
    rows = await database.read(lambda tx: tx.execute(text("SELECT enabled, failures FROM webhooks")).all())
    assert [(bool(row[0]), row[1]) for row in rows] == [(True, 0)]


async def test_instances_when_two_run_then_each_event_comes_once(
    client: httpx.AsyncClient,
    hook: Hook,
    tell: Told,
    receiver: Receiver,
    until: Until,
    settings: NotificationSettings,
) -> None:
    """Claims of both come one after another; nothing is sent twice while nobody dies."""
    made = await hook("/two")
    async with running(await main.build(settings)):
        events = [uploaded() for _ in range(60)]
        for event in events:
            await tell(event)
        await until(lambda: len(receiver.at("/two")) >= 60)

        async def settled() -> bool:
            path = f"/webhooks/{made['webhook_id']}/deliveries"
            items = (await client.get(path, params={"limit": 100})).json()["items"]
            return {one["state"] for one in items} == {"done"}

        await until(settled)
    assert sorted(call.webhook_id for call in receiver.at("/two")) == sorted(event.id for event in events)


async def test_stop_when_tries_are_in_hand_then_it_is_quick_and_another_takes_them(
    hook: Hook, tell: Told, receiver: Receiver, until: Until, settings: NotificationSettings, database: Database
) -> None:
    """What a stopped instance had in hand is free as soon as its lease, or its process, is over."""
    receiver.silent.add("/q")
    await hook("/q")
    await tell(event := uploaded())
    await until(lambda: receiver.at("/q"))
    receiver.silent.clear()
    await database.write("test", lambda tx: tx.execute(text("UPDATE deliveries SET lease_until = 1")).rowcount)
    began_s = time.monotonic()
    await until(lambda: len(receiver.at("/q")) == 2)
    assert time.monotonic() - began_s < 15
    assert {call.webhook_id for call in receiver.at("/q")} == {event.id}
    await asyncio.sleep(0)
