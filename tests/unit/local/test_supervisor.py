"""Real forked children: started, killed, restarted, stopped, and none left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.tiny_disk import leave_no_room, make_room, tiny_disk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the runner's guarantees are Linux's")
SMALL_MILL = Path(__file__).with_name("small_mill.py")
WAIT_S = 15.0


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"gave up waiting for: {what}"
        time.sleep(0.005)
    return found


def alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


class Mill:
    """A running small mill and what it says."""

    def __init__(self, data_dir: Path, *words: str) -> None:
        self.pids_file = data_dir / "run" / "pids.json"
        command = [sys.executable, str(SMALL_MILL), str(data_dir), *words]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def line(self, text: str) -> str:
        """Wait for a line that holds `text`."""
        return str(wait_until(lambda: next((line for line in self.lines if text in line), ""), text))

    def unit(self, name: str) -> dict[str, Any]:
        state = json.loads(self.pids_file.read_text())
        assert state["runner"] == self.process.pid
        found: dict[str, Any] = state["units"][name]
        return found

    def wait_ready(self, name: str, restarts: int = 0) -> dict[str, Any]:
        def ready() -> dict[str, Any] | None:
            unit = self.unit(name) if self.pids_file.exists() else {}
            return unit if unit.get("state") == "ready" and unit["restarts"] >= restarts else None

        found: dict[str, Any] = wait_until(ready, f"{name} to be ready after {restarts} restarts")
        return found

    def end(self) -> int:
        status = self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        return status

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.end()

    def close(self) -> None:
        self.process.kill()
        self.end()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Mill]]:
    mills: list[Mill] = []

    def start_one(*words: str, data_dir: Path = tmp_path) -> Mill:
        mills.append(Mill(data_dir, *words))
        return mills[-1]

    yield start_one
    for mill in mills:
        mill.close()


Start = Callable[..., Mill]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_units_when_started_and_stopped_then_each_says_ready_and_nothing_is_left(start: Start, number: int) -> None:
    """One line a unit with its address, status 0 at the end, no process and no pids file left."""
    mill = start("plain1", "plain2", "plain3")
    mill.line("all ready")
    pids = [mill.unit(f"plain{number}")["pid"] for number in (1, 2, 3)]
    assert len(set(pids)) == 3
    assert sum("ready  http://127.0.0.1:1" in line for line in mill.lines) == 3
    assert mill.stop(number) == 0
    assert mill.lines[-1] == "stopping"
    assert not any(alive(pid) for pid in pids)
    assert not mill.pids_file.exists()


def test_unit_when_killed_many_times_then_it_comes_back_and_the_others_go_on(start: Start) -> None:
    """`kill -9` of one unit by its name in pids.json, again and again; the other keeps its process."""
    mill = start("plain1", "plain2")
    mill.line("all ready")
    other = mill.unit("plain2")["pid"]
    for turn in range(5):
        os.kill(mill.wait_ready("plain1", restarts=turn)["pid"], signal.SIGKILL)
    mill.wait_ready("plain1", restarts=5)
    assert mill.unit("plain2") == {"pid": other, "state": "ready", "restarts": 0, "address": "http://127.0.0.1:1"}
    assert mill.lines.count("plain1 was ended by SIGKILL; it starts again in 0.02 s") == 1
    assert mill.line("plain1 was ended by SIGKILL; it starts again in 0.32 s")
    assert mill.stop() == 0


def test_unit_when_it_dies_again_and_again_then_the_pause_grows(start: Start) -> None:
    """A unit that becomes ready and dies does not burn the machine."""
    mill = start("crasher", "plain")
    for pause in ("0.02", "0.04", "0.08", "0.16"):
        mill.line(f"crasher ended with status 3; it starts again in {pause} s")
    assert alive(mill.wait_ready("plain")["pid"])
    assert mill.stop() == 0


def test_unit_when_it_does_not_stop_then_it_is_killed_after_its_grace(start: Start) -> None:
    """SIGTERM, the grace, then SIGKILL; the runner itself ends well."""
    mill = start("stubborn", "plain", "grace_s=0.3")
    mill.line("all ready")
    pid = mill.unit("stubborn")["pid"]
    began = time.monotonic()
    assert mill.stop() == 0
    assert time.monotonic() - began >= 0.3
    assert not alive(pid)


def test_stop_when_asked_twice_then_nobody_waits_for_the_grace(start: Start) -> None:
    """A second Ctrl-C ends everything at once."""
    mill = start("stubborn", "grace_s=1000")
    pid = mill.wait_ready("stubborn")["pid"]
    mill.process.send_signal(signal.SIGINT)
    mill.line("stopping")
    assert mill.stop(signal.SIGINT) == 0
    assert not alive(pid)


def test_stop_when_units_have_stages_then_the_highest_stops_first(start: Start) -> None:
    """A lower stage is asked only when the higher one is gone."""
    mill = start("plain1", "stubborn:1", "grace_s=1000")
    mill.line("all ready")
    front, back = mill.unit("stubborn1")["pid"], mill.unit("plain1")["pid"]
    mill.process.send_signal(signal.SIGTERM)
    mill.line("stopping")
    wait_until(lambda: mill.unit("stubborn1")["state"] == "stopping", "the first stage to be asked")
    assert mill.unit("plain1")["state"] == "ready"
    assert alive(back)
    os.kill(front, signal.SIGKILL)
    assert mill.end() == 0
    assert not alive(back)


@pytest.mark.parametrize("how", ["unit killed", "runner stopped"])
def test_grandchildren_when_their_unit_is_gone_then_they_go_too(start: Start, how: str) -> None:
    """Children of a unit end with it, also those that moved into sessions of their own."""
    mill = start("parent", "plain", "grace_s=0.2")
    mill.line("all ready")
    unit = mill.unit("parent")
    family = psutil.Process(unit["pid"]).children(recursive=True)
    wait_until(lambda: len(psutil.Process(unit["pid"]).children(recursive=True)) == 3, "three descendants")
    family = psutil.Process(unit["pid"]).children(recursive=True)
    if how == "unit killed":
        os.kill(unit["pid"], signal.SIGKILL)
        mill.wait_ready("parent", restarts=1)
        wait_until(lambda: not any(alive(one.pid) for one in family), "the family to end")
        family = psutil.Process(mill.unit("parent")["pid"]).children(recursive=True)
    assert mill.stop() == 0
    wait_until(lambda: not any(alive(one.pid) for one in family), "the family to end")


def test_runner_when_killed_then_its_units_go_and_the_folder_is_free(start: Start) -> None:
    """`kill -9` of the runner leaves nothing behind, and the next one starts on the same folder at once."""
    mill = start("plain", "stubborn")
    mill.line("all ready")
    pids = [mill.unit("plain")["pid"], mill.unit("stubborn")["pid"]]
    assert mill.stop(signal.SIGKILL) == -signal.SIGKILL
    again = start("plain")
    again.line("all ready")
    assert not any(alive(pid) for pid in pids)
    assert again.stop() == 0


def test_runner_when_another_has_the_folder_then_it_is_refused_in_one_line(start: Start, tmp_path: Path) -> None:
    """Two runners never share a data folder; the message names the other and what to do."""
    mill = start("plain")
    mill.line("all ready")
    second = start("plain")
    assert second.end() == 1
    advice = "stop it first or choose another folder with FILEMILL_DATA_DIR"
    assert second.lines == [f"filemill already runs on {tmp_path} (process {mill.process.pid}); {advice}"]
    elsewhere = start("plain", data_dir=tmp_path / "other")
    elsewhere.line("all ready")
    assert elsewhere.stop() == 0
    assert alive(mill.unit("plain")["pid"])


def test_start_when_a_unit_cannot_then_one_line_says_why_and_all_stop(start: Start) -> None:
    """A taken port ends the start with status 1 and the unit's own sentence."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        number = taken.getsockname()[1]
        mill = start("plain", "port", f"port={number}")
        assert mill.end() == 1
    assert f"port cannot start: port {number} is taken; set FILEMILL_UPLOAD_PORT" in mill.lines
    assert not mill.pids_file.exists()


def test_start_when_a_unit_raises_then_the_reason_is_the_exception(start: Start) -> None:
    """Also without a report of its own a unit says why; the trace goes to stderr."""
    mill = start("broken")
    assert mill.end() == 1
    assert mill.lines == ["broken cannot start: RuntimeError: no such module"]
    assert mill.process.stderr is not None
    assert "Traceback" in mill.process.stderr.read()


def test_start_when_a_unit_is_never_ready_then_it_is_given_up(start: Start) -> None:
    """A start has an end."""
    mill = start("silent", "start_s=0.2")
    assert mill.end() == 1
    assert mill.lines == ["silent cannot start: it was not ready within 0.2 s"]


def test_start_when_a_unit_says_what_takes_long_then_it_is_waited_for(start: Start) -> None:
    """A database of millions of files that is brought up to date must not be ended in its midst, for ever again."""
    mill = start("busy", "start_s=0.2", "busy_s=0.5")
    mill.wait_ready("busy")
    assert mill.lines[0] == "busy              brings its database up to date; this may take a while"
    assert mill.stop() == 0


def test_start_when_a_unit_is_killed_before_it_is_ready_then_it_is_tried_again(start: Start) -> None:
    """A kill from outside is no reason to give up, until it has happened too often."""
    mill = start("silent")
    killed: set[int] = set()
    while mill.process.poll() is None and len(killed) < 6:
        with suppress(FileNotFoundError, ProcessLookupError):
            unit = mill.unit("silent")
            if unit["pid"] and unit["pid"] not in killed:
                os.kill(unit["pid"], signal.SIGKILL)
                killed.add(unit["pid"])
    assert mill.end() == 1
    assert mill.lines[-1] == "silent cannot start: it was killed 6 times before it was ready"


def test_child_when_forked_then_it_has_its_own_group_and_no_inherited_handlers(start: Start) -> None:
    """A unit starts as if it were alone: own group, default signals, no wakeup, empty stdin."""
    mill = start("inside")
    assert mill.wait_ready("inside")["address"] == "True True True True True True"
    assert mill.stop() == 0


def test_runner_when_idle_then_it_does_not_wake_up(start: Start) -> None:
    """Watching costs nothing: no polling while nothing happens."""
    mill = start("plain1", "plain2")
    mill.line("all ready")
    runner = psutil.Process(mill.process.pid)
    before = runner.num_ctx_switches().voluntary
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 1.0, "a second to pass")
    assert runner.num_ctx_switches().voluntary - before <= 2


def test_runner_when_its_disk_is_full_then_goes_on_and_says_who_is_who_once_there_is_room(
    start: Start, tmp_path: Path
) -> None:
    """Who cannot write down that a unit was started again has started it all the same."""
    with tiny_disk(tmp_path / "disk", 8) as disk:
        mill = start("plain", data_dir=disk / "data")
        before = mill.wait_ready("plain")
        leave_no_room(disk)
        os.kill(before["pid"], signal.SIGKILL)
        mill.line("cannot be written")
        mill.line("it starts again")
        wait_until(lambda: sum("ready" in line for line in mill.lines) == 2, "the unit to be ready again")
        assert mill.unit("plain")["pid"] == before["pid"], "the file is old, and whole"
        make_room(disk, 8)
        after = mill.wait_ready("plain", restarts=1)
        assert alive(after["pid"])
        assert sum("cannot be written" in line for line in mill.lines) == 1
        assert mill.stop() == 0
