"""Each fault has its effect in a running mill while its switch is on, and everything heals when it is off."""

import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.chassis import faults
from filemill.chassis.ids import new_id
from support.audit import audit
from support.fault_switch import switch
from support.mill import SERVICES, Mill, wait_for
from support.quiet import wait_until_quiet
from support.uploads import Upload, make_uploads

HEAL_S = 180.0
"""A loop that failed is started again after up to ten seconds, a job that failed twice after sixteen."""


@dataclass
class Visitor:
    """Somebody who uploads once, never again, and remembers what was promised."""

    mill: Mill
    client: httpx.Client
    waiting: list[Upload]
    sent: list[Upload] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)

    def try_one(self, name: str | None = None) -> httpx.Response:
        """Send the next file and return whatever was said."""
        upload = self.waiting.pop()
        self.sent.append(upload)
        answer = self.client.post(
            "/api/upload/files",
            files={"file": (name or upload.filename, upload.body)},
            headers={"Idempotency-Key": upload.key},
        )
        if answer.status_code == 201:
            self.acknowledged[upload.key] = answer.json()["file_id"]
        return answer

    def upload(self, name: str | None = None) -> str:
        """The id of the next file."""
        answer = self.try_one(name)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["file_id"])


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    mill = Mill(tmp_path_factory.mktemp("faults") / "data", FILEMILL_RESTART_PAUSE_MOST_S="0.5")
    try:
        yield mill.start()
    finally:
        assert mill.stop() == 0, mill.said()


@pytest.fixture(scope="module")
def visitor(mill: Mill) -> Iterator[Visitor]:
    small = [one for one in make_uploads(400, random.Random(42)) if one.filename.startswith("small")]
    with mill.client() as client:
        yield Visitor(mill, client, small)


def _seen(mill: Mill, name: str) -> set[str]:
    """The services that say in their health that this fault is on."""
    with mill.client() as client:
        services = client.get("/health").json()["services"]
    return {service for service, said in services.items() if f"fault:{name}" in said.get("dependencies", {})}


def _hit(name: str, only: tuple[str, ...]) -> set[str]:
    """The services that are to say so."""
    named = only[1::2] or faults.FAULTS[name].within
    return {process.removesuffix("-worker") for process in named} or set(SERVICES) - {"gateway"}


def _reasons(mill: Mill) -> set[str]:
    """Why messages wait in the queues."""
    found: set[str] = set()
    for path in (mill.data_dir / "queues").glob("*.db"):
        found |= {row[0] for row in mill.engines._look(path, "SELECT DISTINCT reason FROM message")}  # type: ignore[attr-defined]
    return found


def _job(mill: Mill, service: str, file_id: str) -> tuple[Any, ...]:
    rows = mill.rows(service, "SELECT state, attempts, reason_code FROM jobs WHERE file_id = ?", file_id)
    return rows[0] if rows else (None, 0, None)


# What each fault does, seen from outside.


def broker_down(visitor: Visitor) -> None:
    visitor.upload()
    waiting = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
    wait_for(lambda: visitor.mill.rows("upload", waiting)[0][0], "an event that waits")
    health = visitor.client.get("/api/upload/health").json()
    assert health["status"] == "degraded"


def duplicate_events(visitor: Visitor) -> None:
    visitor.upload()
    wait_for(lambda: "duplicate-events" in _reasons(visitor.mill), "an event that comes again")


def reordered_events(visitor: Visitor) -> None:
    def later() -> bool:
        visitor.upload()
        return "reordered-events" in _reasons(visitor.mill)

    wait_for(later, "an event that comes later")


def store_down(visitor: Visitor) -> None:
    answer = visitor.try_one()
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency-unavailable")
    assert answer.headers["retry-after"]


def slow_store(visitor: Visitor) -> None:
    began_s = time.monotonic()
    visitor.upload()
    assert time.monotonic() - began_s >= 2.0


def disk_full(visitor: Visitor) -> None:
    answer = visitor.try_one()
    assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")


def database_down(visitor: Visitor) -> None:
    assert visitor.try_one().status_code == 503
    assert visitor.client.get("/api/upload/health").status_code == 503


def database_slow(visitor: Visitor) -> None:
    began_s = time.monotonic()
    assert visitor.client.get("/api/metadata/files").status_code == 200
    assert time.monotonic() - began_s >= 0.4


def calls_down(visitor: Visitor) -> None:
    """Metadata asks upload for a file that it does not know; nobody's answer is not `no such file`."""
    answer = visitor.client.get(f"/api/metadata/files/{_nobodys_id()}")
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency-unavailable")


def worker_crash(visitor: Visitor) -> None:
    file_id = visitor.upload()
    wait_for(lambda: _job(visitor.mill, "processing", file_id)[1] >= 2, "a second try", 60)
    assert visitor.mill.units()["processing-worker"]["restarts"] >= 1


def worker_slow(visitor: Visitor) -> None:
    file_id = visitor.upload()
    wait_for(lambda: _job(visitor.mill, "processing", file_id)[0] == "running", "the job to run", 60)
    beat = "SELECT count(*) FROM jobs WHERE state = 'running' AND lease_until > ?"
    assert visitor.mill.rows("processing", beat, time.time())[0][0]


def poison_file(visitor: Visitor) -> None:
    bad, good = visitor.upload("poison.txt"), visitor.upload()
    wait_for(lambda: _job(visitor.mill, "processing", bad)[2] == "internal-error", "a try to break", 60)
    wait_for(lambda: _job(visitor.mill, "processing", good)[0] == "done", "the other file", 60)


def model_crash(visitor: Visitor) -> None:
    file_id = visitor.upload()
    wait_for(lambda: _job(visitor.mill, "ai", file_id)[2] is not None, "an analysis to die", 60)
    assert visitor.client.get(f"/api/upload/files/{file_id}/content").status_code == 200


def _shared_at(visitor: Visitor) -> datetime:
    """A file's own time is that of its id, which no fault changes."""
    link = visitor.client.post(f"/api/upload/files/{visitor.upload()}/shares", json={}).raise_for_status()
    return datetime.fromisoformat(link.json()["created_at"])


def clock_ahead(visitor: Visitor) -> None:
    assert _shared_at(visitor) > datetime.now(UTC) + timedelta(seconds=100)


def clock_behind(visitor: Visitor) -> None:
    assert _shared_at(visitor) < datetime.now(UTC) - timedelta(seconds=100)


EFFECTS: dict[str, tuple[Callable[[Visitor], None], tuple[str, ...]]] = {
    "broker-down": (broker_down, ()),
    "duplicate-events": (duplicate_events, ()),
    "reordered-events": (reordered_events, ()),
    "store-down": (store_down, ()),
    "slow-store": (slow_store, ("--only", "upload")),
    "disk-full": (disk_full, ()),
    "database-down": (database_down, ("--only", "upload")),
    "database-slow": (database_slow, ("--only", "metadata")),
    "clock-ahead": (clock_ahead, ()),
    "clock-behind": (clock_behind, ()),
    "calls-down": (calls_down, ()),
    "worker-crash": (worker_crash, ("--only", "processing-worker")),
    "worker-slow": (worker_slow, ("--only", "processing-worker")),
    "poison-file": (poison_file, ()),
    "model-crash": (model_crash, ()),
}


def test_table_when_a_fault_is_in_it_then_its_effect_is_tried_here() -> None:
    """A fault nobody has seen is none."""
    assert set(EFFECTS) == set(faults.FAULTS)


@pytest.mark.parametrize("name", EFFECTS)
def test_fault_when_switched_on_then_it_shows_and_when_off_everything_heals(
    mill: Mill, visitor: Visitor, name: str
) -> None:
    """Health names it, its effect is there, and after `off` every acknowledged file goes all its way, once."""
    effect, only = EFFECTS[name]
    switch(mill, name, "on", *only)
    try:
        wait_for(lambda: _seen(mill, name) == _hit(name, only), f"{name} to be seen")
        effect(visitor)
    finally:
        switch(mill, name, "off")
    wait_for(lambda: not _seen(mill, name), f"{name} to be over", 60)
    wait_until_quiet(mill, HEAL_S)
    # A breaker may still be open; who is told to come again, comes again.
    wait_for(lambda: visitor.client.get(f"/api/metadata/files/{_nobodys_id()}").status_code == 404, "an answer", 90)
    visitor.upload()
    wait_until_quiet(mill, HEAL_S)
    assert audit(mill, visitor.sent, visitor.acknowledged) == []


def test_command_when_asked_then_lists_switches_off_all_and_refuses_what_is_none(mill: Mill) -> None:
    """One clear line each."""
    switch(mill, "slow-store", "on", "--only", "ai")
    assert re.search(r"^on +slow-store .*\(only in ai\)$", switch(mill, "list"), re.MULTILINE)
    doctor = [sys.executable, "-m", "filemill.cli", "doctor"]
    said = subprocess.run(doctor, env=mill.environment, capture_output=True, text=True, timeout=120).stdout
    assert "faults: on: slow-store" in said
    switch(mill, "all", "off")
    assert not re.search(r"^on ", switch(mill, "list"), re.MULTILINE)
    assert "there is no fault 'flood'" in switch(mill, "flood", "on", status=1)
    assert "no such process" in switch(mill, "slow-store", "on", "--only", "nobody", status=1)
    assert "slow-store on` or `off`" in switch(mill, "slow-store", status=1)
    assert "say `filemill fault all off`" in switch(mill, "all", "on", status=1)


def test_fault_when_no_mill_of_this_machine_runs_then_it_is_refused(tmp_path: Path) -> None:
    """Nobody runs; or a mill that others can reach: there are no switches, and a file of them means nothing."""
    mill = Mill(tmp_path / "data")
    assert "no mill runs" in switch(mill, "slow-store", "on", status=1)
    mill.environment |= {"FILEMILL_HOST": "0.0.0.0", "FILEMILL_AUTH": "keys"}
    try:
        mill.start()
        assert "listens beyond this machine" in switch(mill, "slow-store", "on", status=1)
        faults.write(mill.data_dir / "run" / "faults.json", {"database-down": []})
        assert httpx.get(f"http://127.0.0.1:{mill.ports['upload']}/health").status_code == 200
    finally:
        mill.stop()


@pytest.mark.parametrize("asked", [(), ("--keep-faults",)])
def test_start_when_a_fault_was_left_on_then_it_is_off_unless_asked(tmp_path: Path, asked: tuple[str, ...]) -> None:
    """What somebody tried yesterday is no surprise today."""
    mill = Mill(tmp_path / "data")
    faults.write(mill.data_dir / "run" / "faults.json", {"slow-store": ["upload"]})
    mill.arguments = asked
    try:
        mill.start()
        assert _seen(mill, "slow-store") == ({"upload"} if asked else set())
        assert ("faults that are on: slow-store" in mill.said()) == bool(asked)
    finally:
        mill.stop()


def _nobodys_id() -> str:
    """An id of the form of ours that nothing has."""
    return new_id()
