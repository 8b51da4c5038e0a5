"""Retention rules and legal holds, killed at every point: what is over goes to the trash once, what is held stays."""

import contextlib
import itertools
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from filemill.chassis.database.build import share_out
from support import retention_child
from support.audit import deliveries, leftovers, lives
from support.engines import Engines
from support.mill import Mill, wait_for
from support.quiet import wait_until_processed, wait_until_quiet
from support.uploads import AGAIN_STATUSES

CHILD = Path(retention_child.__file__)
HOLDS = "upload.hold.in-tx=0.2,upload.hold.committed=0.2,upload.release.*=0.2,consumer.upload.copies.*=0.03"
"""Where upload is killed: a hold and its end, and the news that a rule wants a file gone."""
RULES = "metadata.rules.*=0.5"
LEASE_DAYS = 1 / 12  # longer than a rule is claimed for by one who died, and than upload is given to answer
ROUNDS_MOST = 60


def send(client: httpx.Client, method: str, path: str, **more: object) -> httpx.Response:
    """As a patient client: again while somebody is away."""

    def sent() -> httpx.Response | None:
        with contextlib.suppress(httpx.TransportError):
            answer = client.request(method, path, **more)  # type: ignore[arg-type]
            if answer.status_code not in AGAIN_STATUSES:
                return answer
        return None

    return wait_for(sent, f"an answer to {method} {path}", 60, 0.1)


def in_trash(mill: Mill) -> set[str]:
    return {row[0] for row in mill.rows("upload", "SELECT file_id FROM files WHERE deleted_at IS NOT NULL")}


def run(folder: Path, engines: Engines | None, files: int, kills: int) -> None:
    """So many files of which each fourth is held, while the rule that wants all gone is run until it has them."""
    log = folder / "kills.log"
    mill = Mill(
        folder / "data", engines, FILEMILL_TEST_CRASH=HOLDS, FILEMILL_TEST_CRASH_LOG=str(log),
        FILEMILL_RESTART_PAUSE_MOST_S="0.5", FILEMILL_RULES_GRACE_HOURS="0",
    )  # fmt: skip

    def killed_by_now() -> Counter[str]:
        return Counter(log.read_text(encoding="ascii").split() if log.exists() else [])

    try:
        mill.start()
        with mill.client() as client:
            ids = [uploaded(client, number) for number in range(files)]
            held = set(ids[::4])
            wait_until_processed(mill, files, 120)
            for file_id in held:
                hold(client, file_id)
            wanted = {"name": "old", "query": "tag:old", "after_days": 1}
            assert send(client, "POST", "/api/metadata/rules", json=wanted).status_code in (201, 409)
            wait_for(lambda: found(client) == files, "the index to know every file", 60, 0.2)
            over = set(ids) - held
            rounds = gone_after(mill, over)
            more_kills(client, sorted(held), lambda: killed_by_now().total() >= kills)
            killed = killed_by_now()
            log.with_name(f"{log.name}.over").touch()
            wait_until_quiet(mill, 120)
            assert in_trash(mill) == over
            check_trails(mill, over, held)
            for file_id in held:
                assert send(client, "GET", f"/api/upload/files/{file_id}/hold").json()["reason"] == "a case"
        assert [*lives(mill), *deliveries(mill), *leftovers(mill), *mill.engines.integrity()] == []
    finally:
        mill.stop()
    print(f"{rounds} rounds, kills: {dict(killed.most_common())}")
    assert killed.total() >= kills, dict(killed)
    assert any(point.startswith("metadata.rules.") for point in killed), dict(killed)
    assert any(point.startswith("upload.") for point in killed), dict(killed)


def uploaded(client: httpx.Client, number: int) -> str:
    """The id of a new file with the tag `old`."""
    answer = send(
        client, "POST", "/api/upload/files", headers={"Idempotency-Key": f"old-{number}"}, data={"tags": '["old"]'},
        files={"file": (f"old-{number}.txt", f"An old text, number {number}.".encode())},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file_id"])


def hold(client: httpx.Client, file_id: str) -> None:
    answer = send(client, "POST", f"/api/upload/files/{file_id}/hold", json={"reason": "a case"})
    assert answer.status_code in (200, 201), answer.text


def found(client: httpx.Client) -> int:
    answer = send(client, "GET", "/api/metadata/files", params={"q": "tag:old", "limit": 500})
    return len(answer.json()["items"])


def gone_after(mill: Mill, over: set[str]) -> int:
    """Run the rule, killed again and again, until nothing is left to delete; how many rounds that took."""
    environment = mill.environment | {"FILEMILL_TEST_CRASH": RULES, "PYTHONPATH": str(CHILD.parents[1])}
    if "DATABASE_URL" in environment:  # of the whole mill; its runner shares it out among the services
        environment |= {"DATABASE_URL": share_out(environment["DATABASE_URL"], ["metadata"])["metadata"]}
    for number in itertools.count(1):
        days = 2 + number * LEASE_DAYS
        done = subprocess.run([sys.executable, str(CHILD), str(days)], env=environment, capture_output=True, text=True)
        assert done.returncode in (0, -9), done.stderr
        with contextlib.suppress(
            AssertionError
        ):  # a question that died with its asker is asked again by the next round
            wait_for(lambda: over <= in_trash(mill), "the rest", 1.0, 0.1)
        if over <= in_trash(mill):
            return number
        assert number < ROUNDS_MOST, f"{len(over - in_trash(mill))} files are still there after {number} rounds"
    raise AssertionError


def more_kills(client: httpx.Client, held: list[str], enough: Callable[[], bool]) -> None:
    """Release and hold again, which is where upload is killed."""
    for file_id in itertools.cycle(held):
        if enough():
            return
        assert send(client, "DELETE", f"/api/upload/files/{file_id}/hold").status_code in (204, 404)
        hold(client, file_id)


def check_trails(mill: Mill, over: set[str], held: set[str]) -> None:
    """Each that is gone was deleted once, by the rule; each that is held never, its holds and releases in turn."""
    trails: defaultdict[str, list[str]] = defaultdict(list)
    for file_id, action, detail in mill.rows(
        "metadata", "SELECT file_id, action, detail FROM audit ORDER BY at, entry_id"
    ):
        if action == "deleted" or action.startswith("hold "):
            said = json.loads(detail) if isinstance(detail, str) else detail
            trails[file_id].append(f"{action} {said['rule']['name']}" if action == "deleted" else action)
    assert {file_id: trails.pop(file_id, []) for file_id in over} == {file_id: ["deleted old"] for file_id in over}
    assert trails.keys() == held
    for trail in trails.values():
        assert trail == ["hold placed", "hold released"] * (len(trail) // 2) + ["hold placed"], trail


def test_rule_when_killed_anywhere_then_each_file_goes_once_and_what_is_held_stays(tmp_path: Path) -> None:
    """The short run."""
    run(tmp_path, None, files=40, kills=8)


@pytest.mark.slow
def test_rule_when_killed_for_long_then_each_file_goes_once_and_what_is_held_stays(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """The long run, on each set of engines."""
    run(tmp_path, fresh_engines, files=300, kills=60)
