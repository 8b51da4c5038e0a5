"""An event goes to whoever asked for it: signed, tried again by the schedule, given up with notice, replayed."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import WebhookVerificationError

from filemill.chassis.database.database import Database
from filemill.chassis.ids import new_id
from filemill.contracts.topics import Topic
from filemill.notification import repository
from filemill.notification.schedule import REST_MOST_S, WAITS_S
from support import samples
from support.receiver import Receiver

Hook = Callable[..., Awaitable[dict[str, Any]]]
Told = Callable[..., Awaitable[None]]
Until = Callable[..., Awaitable[Any]]
PassTime = Callable[[float], Awaitable[None]]


def uploaded(owner_id: str = "local") -> Any:
    return samples.event(Topic.UPLOADED, samples.uploaded(new_id(), owner_id=owner_id))


async def log_of(client: httpx.AsyncClient, hook: dict[str, Any]) -> list[dict[str, Any]]:
    """The deliveries of a webhook, newest first."""
    items: list[dict[str, Any]] = (await client.get(f"/webhooks/{hook['webhook_id']}/deliveries")).json()["items"]
    return items


async def test_event_when_a_webhook_wants_it_then_it_comes_signed_and_without_what_is_ours(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until
) -> None:
    """A library nobody here wrote believes the signature; the id is the event's, keys and addresses are not in it."""
    made = await hook("/a", event_types=["file.uploaded"])
    event = uploaded()
    await tell(event)
    await tell(samples.event(Topic.PROCESSED, samples.processed(new_id())))
    [call] = await until(lambda: receiver.at("/a"))
    said = call.event(made["secret"])
    assert (said["id"], said["type"], said["subject"]) == (event.id, "file.uploaded", event.subject)
    assert call.webhook_id == event.id
    assert call.headers["content-type"] == "application/cloudevents+json"
    assert b"blobs/" not in call.body
    assert b"client_address" not in call.body
    [kept] = await until(lambda: _done(client, made))
    assert (kept["state"], kept["attempts"], kept["status_code"], kept["event_id"]) == ("done", 1, 204, event.id)
    assert kept["duration_ms"] > 0
    shown = (await client.get(f"/webhooks/{made['webhook_id']}")).json()
    assert shown["last_success_at"] is not None
    assert "secret" not in shown


async def _done(client: httpx.AsyncClient, made: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in await log_of(client, made) if one["state"] == "done"]


async def test_event_when_it_comes_again_or_is_another_owners_then_it_is_sent_once_to_its_own(
    hook: Hook, tell: Told, receiver: Receiver, until: Until, database: Database
) -> None:
    """The same event makes one delivery, whatever the inbox knows; nobody hears of another's files."""
    await hook("/mine")
    await tell(uploaded("ada"))
    event = uploaded()
    await tell(event)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await tell(event)
    await until(lambda: receiver.at("/mine"))
    await tell(last := uploaded())
    await until(lambda: len(receiver.at("/mine")) == 2)
    assert [call.webhook_id for call in receiver.at("/mine")] == [event.id, last.id]


async def test_secret_when_it_is_rotated_then_both_sign_until_the_overlap_is_over(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until, database: Database
) -> None:
    """A receiver is changed without a gap; then the old secret is worth nothing."""
    made = await hook("/r")
    path = f"/webhooks/{made['webhook_id']}"
    rotated = (await client.post(f"{path}/rotate-secret", json={"overlap_s": 3600})).json()
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] is not None
    await tell(uploaded())
    [call] = await until(lambda: receiver.at("/r"))
    assert call.event(made["secret"]) == call.event(rotated["secret"])
    assert len(call.headers["webhook-signature"].split(" ")) == 2
    newest = (await client.post(f"{path}/rotate-secret", json={"overlap_s": 0})).json()
    await tell(uploaded())
    _, later = await until(lambda: len(receiver.at("/r")) == 2 and receiver.at("/r"))
    later.event(newest["secret"])
    for old in (made["secret"], rotated["secret"]):
        with pytest.raises(WebhookVerificationError):
            later.event(old)
    rows = await database.read(lambda tx: tx.execute(text("SELECT secret, old_secret FROM webhooks")).all())
    assert all(secret not in str(rows) for secret in (made["secret"], rotated["secret"], newest["secret"]))


async def test_delivery_when_it_fails_then_the_schedule_is_kept_and_the_same_body_comes_again(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until, pass_time: PassTime
) -> None:
    """The next try is where the table says, with jitter; id and body stay, the signature is new."""
    receiver.answers["/f"] = [500, 302, 503, 204]
    receiver.headers["/f"] = {"Location": receiver.url + "/elsewhere"}
    receiver.bodies["/f"] = b"what \x00 is this"
    made = await hook("/f")
    await tell(uploaded())
    for number, wait_s in enumerate(WAITS_S[:3], 1):
        [kept] = await until(lambda number=number: _tried(client, made, number))
        assert kept["state"] == "queued"
        assert kept["error"].startswith(f"status {[500, 302, 503][number - 1]}")
        assert kept["answer"] == "what \ufffd is this"
        await pass_time(wait_s * 1.25)
    await until(lambda: _done(client, made))
    calls = receiver.at("/f")
    assert len({call.body for call in calls}) == len({call.webhook_id for call in calls}) == 1
    assert len(calls) == 4
    assert receiver.at("/elsewhere") == [], "a redirect was followed"


async def _tried(client: httpx.AsyncClient, made: dict[str, Any], times: int) -> list[dict[str, Any]]:
    """The oldest delivery, once it was tried so often."""
    found = (await log_of(client, made))[-1:]
    return [one for one in found if one["attempts"] == times and one["state"] != "running"]


async def test_delivery_when_the_receiver_asks_for_patience_then_the_whole_webhook_waits(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until, pass_time: PassTime
) -> None:
    """`Retry-After` moves the next try, and nothing else is sent meanwhile."""
    receiver.answers["/p"] = [429, 204]
    receiver.headers["/p"] = {"Retry-After": "3000"}
    made = await hook("/p")
    await tell(uploaded())
    [first] = await until(lambda: _tried(client, made, 1))
    await tell(uploaded())
    await pass_time(2000)
    assert [one["attempts"] for one in await log_of(client, made)] == [0, 1]
    assert first["next_try_at"] > first["created_at"]
    await pass_time(1001)
    await until(lambda: _all_done(client, made, 2))


async def _all_done(client: httpx.AsyncClient, made: dict[str, Any], count: int) -> bool:
    return len(await _done(client, made)) == count


async def test_delivery_when_every_try_fails_then_the_webhook_is_off_with_notice_and_goes_on_when_enabled(
    client: httpx.AsyncClient,
    hook: Hook,
    tell: Told,
    receiver: Receiver,
    until: Until,
    pass_time: PassTime,
    database: Database,
) -> None:
    """A reason on the webhook, an event in the owner's stream; what failed is replayed, what waited goes on."""
    receiver.answers["/x"] = [500]
    made = await hook("/x", event_types=["file.*"])
    path = f"/webhooks/{made['webhook_id']}"
    await tell(event := uploaded())
    for number, wait_s in enumerate(WAITS_S, 1):
        await until(lambda number=number: _tried(client, made, number))
        if number == 9:
            await tell(uploaded())  # these two take turns from here on
        await pass_time(wait_s * 1.25)

    async def last_try() -> list[dict[str, Any]]:
        await pass_time(REST_MOST_S)
        return await _tried(client, made, 10)

    await until(last_try)
    off = (await client.get(path)).json()
    assert (off["enabled"], off["disabled_reason"]["code"]) == (False, "retries-used-up")
    [notice] = [one for one in await database.read(repository.after, "local", 0, 100) if one.type == "webhook.disabled"]
    assert b"retries-used-up" in notice.body
    await tell(uploaded())
    assert len(await log_of(client, made)) == 2, "an event was queued for a webhook that is off"
    receiver.answers["/x"] = [200]
    assert (await client.patch(path, json={"enabled": True})).json()["disabled_reason"] is None
    answer = await client.post(f"{path}/replay", json={"failed_since": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()) == (202, {"replayed": 1, "more": False})
    await pass_time(WAITS_S[-1] * 1.25)
    await until(lambda: _all_done(client, made, 2))
    calls = [call for call in receiver.at("/x") if call.webhook_id == event.id]
    assert len(calls) == 11
    assert len({call.body for call in calls}) == 1


async def test_delivery_when_the_answer_is_410_then_the_webhook_is_off_at_once(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until
) -> None:
    """Gone is gone."""
    receiver.answers["/g"] = [410]
    made = await hook("/g")
    await tell(uploaded())
    [kept] = await until(lambda: _tried(client, made, 1))
    assert kept["state"] == "failed"
    off = (await client.get(f"/webhooks/{made['webhook_id']}")).json()
    assert (off["enabled"], off["disabled_reason"]["code"]) == (False, "gone")


async def test_delivery_when_one_event_is_refused_for_ever_then_the_others_go_on(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until, database: Database
) -> None:
    """One bad event is given up by itself; a receiver that takes others is not switched off."""
    receiver.answers["/b"] = [500, 204]
    made = await hook("/b")
    await tell(uploaded())
    await until(lambda: _tried(client, made, 1))
    await client.patch(f"/webhooks/{made['webhook_id']}", json={"enabled": True})
    await tell(uploaded())
    await until(lambda: _done(client, made))
    receiver.answers["/b"] = [500]
    last = "UPDATE deliveries SET attempts = 9, due_at = 0 WHERE state = 'queued'"
    await database.write("test", lambda tx: tx.execute(text(last)).rowcount)
    await until(lambda: _in_state(client, made, "failed"))
    assert (await client.get(f"/webhooks/{made['webhook_id']}")).json()["enabled"] is True


async def _in_state(client: httpx.AsyncClient, made: dict[str, Any], state: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (
        await client.get(f"/webhooks/{made['webhook_id']}/deliveries", params={"state": state})
    ).json()["items"]
    return items


async def test_replay_when_one_was_taken_then_it_comes_again_under_the_same_id(
    client: httpx.AsyncClient, hook: Hook, tell: Told, receiver: Receiver, until: Until
) -> None:
    """A receiver that lost it gets it again; one that kept it can tell."""
    made = await hook("/again")
    await tell(uploaded())
    [kept] = await until(lambda: _done(client, made))
    answer = await client.post(f"/deliveries/{kept['delivery_id']}/replay")
    assert (answer.status_code, answer.json()["cause"]) == (202, "replay")
    one, two = await until(lambda: len(receiver.at("/again")) == 2 and receiver.at("/again"))
    assert (one.webhook_id, one.body) == (two.webhook_id, two.body)


async def test_test_button_when_it_is_pressed_then_the_answer_says_what_came_of_it(
    client: httpx.AsyncClient, hook: Hook, receiver: Receiver
) -> None:
    """One try, at once, also of a webhook that is off; it counts for nothing."""
    made = await hook("/t", enabled=False)
    sent = (await client.post(f"/webhooks/{made['webhook_id']}/test")).json()
    assert (sent["state"], sent["status_code"], sent["type"], sent["file_id"]) == ("done", 204, "webhook.test", None)
    [call] = receiver.at("/t")
    assert call.event(made["secret"])["type"] == "webhook.test"
    receiver.answers["/t"] = [500]
    sent = (await client.post(f"/webhooks/{made['webhook_id']}/test")).json()
    assert (sent["state"], sent["error"], sent["attempts"]) == ("failed", "status 500", 1)
    assert (await client.get(f"/webhooks/{made['webhook_id']}")).json()["failures"] == 0
    again = await client.post(f"/deliveries/{sent['delivery_id']}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
