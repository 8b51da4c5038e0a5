"""Each process of the mill may die at any time: the others serve, its events wait, it comes back and catches up."""

import itertools
import math
import random
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.audit import audit
from support.engines import Engines
from support.killer import Killer
from support.mill import SERVICES, Mill, wait_for
from support.quiet import wait_until_quiet
from support.uploads import Clients, make_uploads

UNITS = (
    "gateway",
    "access",
    "upload",
    "metadata",
    "ai",
    "processing",
    "notification",
    "ai-worker",
    "processing-worker",
)
UPLOADS, KILLS_EACH = 200, 20
UP_MOST_S = 0.5
"""How long a unit may be up again before its next kill: at a moment of its work that nobody chose."""


def test_units_when_each_is_killed_twenty_times_then_everything_is_processed_once(
    tmp_path: Path, fresh_engines: Engines | None
) -> None:
    """200 uploads while every process is killed 20 times, soon after it is back: 200 processed, effects counted once."""
    seed = secrets.randbits(32)
    uploads = make_uploads(UPLOADS, random.Random(seed))
    mill = Mill(tmp_path / "data", fresh_engines, FILEMILL_RESTART_PAUSE_MOST_S="0.1")
    try:
        mill.start()
        clients = Clients(mill.urls)
        killer = Killer(mill, lambda: clients.in_flight)
        clients.start(uploads, _Pace(killer).wait)
        served = _kill_in_turn(mill, killer, random.Random(seed))
        clients.wait()
        wait_until_quiet(mill, 180)
        wrong = audit(mill, uploads, clients.acknowledged)
        print(
            f"seed {seed}: {dict(killer.kills)} kills, {killer.effective.total()} of them held work; {served} times another"
            f" service answered meanwhile; {clients.retries} retries; {len(wrong)} promises broken"
        )
        assert wrong == []
        assert clients.gave_up == []
        assert len(clients.acknowledged) == UPLOADS
        assert killer.kills == dict.fromkeys(UNITS, KILLS_EACH)
        assert killer.effective.total() >= len(UNITS), killer.effective
        assert served >= KILLS_EACH
    finally:
        mill.stop()


class _Pace:
    """Spreads the uploads over the kills: the next one may go when its share of the kills is done."""

    def __init__(self, killer: Killer) -> None:
        self._killer = killer
        self._lock = threading.Lock()
        self._given = 0

    def wait(self) -> None:
        with self._lock:
            self._given += 1
            kills = (self._given - 1) * KILLS_EACH * len(UNITS) // UPLOADS
        wait_for(lambda: self._killer.kills.total() >= kills, f"{kills} kills", 240)


def _kill_in_turn(mill: Mill, killer: Killer, dice: random.Random) -> int:
    """Kill whichever unit is back, in turn, until each had its kills; how often another one was seen to serve."""
    served = 0
    due_s: dict[int, float] = {}
    until_s = time.monotonic() + 240
    for unit in itertools.cycle(UNITS):
        if all(killer.kills[one] >= KILLS_EACH for one in UNITS):
            return served
        assert time.monotonic() < until_s, f"too slow: {killer.kills}"
        found = mill.units()[unit]
        if found["state"] == "ready" and found["pid"] not in due_s:
            due_s[found["pid"]] = time.monotonic() + dice.uniform(0, UP_MOST_S)
        is_due = due_s.get(found["pid"], math.inf) < time.monotonic()
        if killer.kills[unit] < KILLS_EACH and is_due and killer.kill(unit):
            served += _another_serves(mill, unit)
        else:
            time.sleep(0.01)
    raise AssertionError


def _another_serves(mill: Mill, dead: str) -> bool:
    """Ask a service that is up, past the gateway; it has to answer unless it was about to be replaced itself."""
    units = mill.units()
    for name in SERVICES:
        if name != dead and units[name]["state"] == "ready" and f":{mill.ports[name]}" in units[name]["address"]:
            try:
                answer = httpx.get(f"http://127.0.0.1:{mill.ports[name]}/livez", timeout=10)
            except httpx.TransportError:
                _expect_end(mill, name, units[name]["pid"])
                return False
            assert answer.status_code == 200
            return True
    return False


def _expect_end(mill: Mill, name: str, pid: int) -> None:
    """It was killed a moment ago and not yet reaped when we looked: the only excuse for not answering."""
    wait_for(lambda: mill.units()[name]["pid"] != pid, f"the end of {name}, which does not answer", 5)


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill whose consumers take nothing, so that only uploads know of new files."""
    mill = Mill(tmp_path_factory.mktemp("paused") / "data", FILEMILL_TEST_PAUSE="consumers")
    try:
        yield mill.start()
    finally:
        mill.stop()


def test_file_when_consumers_are_paused_then_exists_everywhere_from_its_201(mill: Mill) -> None:
    """500 pairs of upload and look-up: neither metadata nor ai ever says 404 to a file that was acknowledged."""
    with mill.client() as client:
        for number in range(500):
            file = client.post("/api/upload/files", files={"file": ("new.txt", f"new {number}".encode())}).json()
            seen = client.get(f"/api/metadata/files/{file['file_id']}")
            assert seen.status_code == 200, seen.text
            assert (seen.json()["status"], seen.json()["filename"]) == ("uploaded", "new.txt")
            asked = client.post(f"/api/ai/analyze/{file['file_id']}")
            assert asked.status_code == 202, asked.text
        changed = client.patch(f"/api/metadata/files/{file['file_id']}", json={"title": "too early"})
        assert (changed.status_code, changed.json()["retryable"]) == (503, True)
    assert mill.rows("metadata", "SELECT count(*) FROM documents") == [(0,)]
    assert dict(mill.engines.undelivered())["metadata.catalogue"] >= 500


def test_runner_when_a_second_one_starts_on_the_same_folder_then_it_is_refused(mill: Mill) -> None:
    """One runner at a time; the second says who is there, and the first is not disturbed."""
    second = Mill(mill.data_dir)
    second.output = mill.data_dir.with_suffix(".second")
    assert second.run_to_end() != 0
    (line,) = [line for line in second.said().splitlines() if "already runs" in line]
    assert str(mill.data_dir) in line
    assert "FILEMILL_DATA_DIR" in line
    with mill.client() as client:
        assert client.get("/health").status_code == 200


def test_runner_when_a_port_is_taken_then_one_line_names_it(mill: Mill, tmp_path: Path) -> None:
    """It ends with a status, and one line says which port of which service, and how to choose another."""
    other = Mill(tmp_path / "data")
    taken = mill.ports["metadata"]
    other.environment["FILEMILL_METADATA_PORT"] = str(taken)
    assert other.run_to_end() != 0
    (line,) = [line for line in other.said().splitlines() if str(taken) in line]
    assert "metadata" in line
    assert "FILEMILL_METADATA_PORT" in line
    assert "Traceback" not in other.said()
    assert other.processes() == []


def test_mill_when_stopped_by_ctrl_c_then_leaves_no_process(tmp_path: Path) -> None:
    """With work in hand, and within seconds; nothing that it started is there afterwards."""
    mill = Mill(tmp_path / "data")
    try:
        mill.start()
        clients = Clients(mill.urls)
        clients.start(make_uploads(20, random.Random(1)))
        clients.wait()
        assert len(mill.processes()) > len(UNITS)
        began_s = time.monotonic()
        assert mill.stop() == 0
        assert time.monotonic() - began_s < 30
        assert mill.processes() == []
    finally:
        mill.stop()
