"""A mill with a webhook, notification killed at every point of a delivery's way: at least once, and always the same body."""

import contextlib
import os
import secrets
import threading
import time
from collections import defaultdict
from pathlib import Path

import httpx
import pytest

from support.crash_run import Plan, Report, crash_run
from support.engines import Engines
from support.mill import Mill, wait_for
from support.receiver import Receiver, receiving
from support.uploads import Clients

POINTS = ",".join(
    [
        *(f"notification.webhooks.{point}=0.06" for point in ("claim.*", "settle.*", "free.*", "sent")),
        "consumer.notification.live.*=0.03",
    ]
)
UPLOADS = 20


KILLS_LEAST = 4
LONGEST_S = 300.0


def run(folder: Path, uploads: int, engines: Engines | None, kills: int = KILLS_LEAST) -> Report:
    """One crash run whose every event goes to a receiver, too, and again, until there were `kills` kills."""
    with receiving() as receiver:

        def clients(urls: list[str]) -> Clients:
            made = httpx.post(f"{urls[0]}/api/notifications/webhooks", json={"url": f"{receiver.url}/all"}, timeout=60)
            assert made.status_code == 201, made.text
            receiver.secret = made.json()["secret"]
            return Clients(urls)

        def check(mill: Mill, _clients: Clients) -> list[str]:
            return wrong_of(mill, receiver)

        def visit(mill: Mill, _clients: Clients, done: threading.Event) -> None:
            replay_until(mill, folder / "kills.log", kills, done)

        seed = int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))
        plan = Plan(uploads, POINTS, visit=visit, engines=engines, clients=clients, check=check)
        return crash_run(folder, plan, seed)


def replay_until(mill: Mill, log: Path, kills: int, done: threading.Event) -> None:
    """Have deliveries sent again until notification was killed so often."""
    until_s = time.monotonic() + LONGEST_S
    prefix = "/api/notifications"
    while time.monotonic() < until_s and len(log.read_text().split() if log.exists() else ()) < kills:
        with contextlib.suppress(httpx.HTTPError, KeyError), mill.client() as client:
            for hook in client.get(f"{prefix}/webhooks").json()["items"]:
                for one in client.get(f"{prefix}/webhooks/{hook['webhook_id']}/deliveries").json()["items"]:
                    client.post(f"{prefix}/deliveries/{one['delivery_id']}/replay")
        done.wait(0.2)


def wrong_of(mill: Mill, receiver: Receiver) -> list[str]:
    """What the receiver missed, or got that it should not have."""

    def all_done() -> bool:
        return not mill.rows("notification", "SELECT 1 FROM deliveries WHERE state <> 'done' LIMIT 1")

    wait_for(all_done, "every delivery to be done", 90)
    bodies = defaultdict(set)
    for call in list(receiver.calls):
        bodies[call.webhook_id].add(call.body)
    told = {row[0] for row in mill.rows("notification", "SELECT event_id FROM deliveries")}
    lived = mill.rows("notification", "SELECT count(*) FROM live_events WHERE type LIKE 'file.%'")[0][0]
    wrong = [f"delivered, and the receiver has not seen it: {one}" for one in told - bodies.keys()]
    wrong += [f"the receiver got what nobody sent: {one}" for one in bodies.keys() - told]
    wrong += [f"two bodies under one webhook-id: {one}" for one, found in bodies.items() if len(found) > 1]
    wrong += [f"not signed: {one}" for one in receiver.unsigned]
    if len(told) != lived:
        wrong.append(f"{lived} events in the owner's stream, {len(told)} for the webhook")
    repeats = len(receiver.calls) - len(bodies)
    print(f"{len(bodies)} events delivered, {repeats} of them repeated after a kill")
    return wrong


def test_webhooks_when_killed_anywhere_then_each_event_reaches_the_receiver(tmp_path: Path) -> None:
    """At least once, the same body under the same id, and nothing stuck."""
    report = run(tmp_path, UPLOADS, None)
    assert (report.wrong, report.gave_up, report.acknowledged) == ([], [], UPLOADS), str(report)
    assert report.effective_kills >= 3, str(report)


@pytest.mark.slow
def test_webhooks_when_killed_for_long_then_each_event_reaches_the_receiver(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """The long run, on each set of engines."""
    report = run(tmp_path, 300, fresh_engines, kills=40)
    assert (report.wrong, report.gave_up, report.acknowledged) == ([], [], 300), str(report)
    assert report.effective_kills >= 30, str(report)
