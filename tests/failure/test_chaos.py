"""`make chaos`: the plan is the seed's, a short run keeps every promise, and one with a safety switched off goes red."""

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.mill import Mill
from support.tiny_disk import why_no_disk

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "chaos"))

from doing import Doer  # noqa: E402 - only now can it be found
from plan import Deed  # noqa: E402


def chaos(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "chaos" / "chaos.py"), *arguments],
        env=environment, capture_output=True, text=True, timeout=570,
    )  # fmt: skip


def plan(seed: int, minutes: float) -> str:
    """What a run would do."""
    return chaos("--plan", "--seed", str(seed), "--minutes", str(minutes)).stdout


def test_plan_when_the_seed_is_the_same_then_so_is_the_plan() -> None:
    """Every deed at its time; another seed is another plan; each kind of deed comes."""
    first = plan(1, 10)
    assert first == plan(1, 10)
    assert first != plan(2, 10)
    for kind in ("kill at", "kill", "pause", "fault", "rolling restart", "cut off", "slow link"):
        assert re.search(rf"s  {kind} ", first), kind
    assert ("disk full" in first) == (not why_no_disk())
    assert "engine" not in first


def test_plan_when_on_servers_then_each_is_killed_stopped_paused_and_cut_off_in_turn() -> None:
    """None of them is forgotten in half an hour."""
    planned = chaos("--plan", "--seed", "1", "--minutes", "30", "--engines", "servers").stdout
    for engine in ("postgresql", "rabbitmq", "redis", "s3"):
        for kind in ("engine killed", "engine stopped", "engine paused", "cut off", "slow link"):
            assert f"s  {kind} {engine} for" in planned, (kind, engine)


def test_plan_when_only_one_kind_is_wanted_then_nothing_else_is_done() -> None:
    """Each named point is still dealt once in every round."""
    planned = chaos("--plan", "--seed", "1", "--minutes", "5", "--only", "kill at").stdout.splitlines()
    points = [line.split()[-1] for line in planned]
    assert all(re.search(r"s  kill at \S+$", line) for line in planned)
    assert len(points) > 104
    assert len(set(points[:104])) == 104


def test_doer_when_each_point_is_to_have_its_kills_then_one_that_is_seldom_met_stays_armed(tmp_path: Path) -> None:
    """Else only the latest few wait, so that a process which comes back can do some work."""
    points = [f"point.{at}" for at in range(20)]
    for patient, waiting in ((0, points[-8:]), (5, [*points[:5], *points[-8:]])):
        armed = tmp_path / str(patient)
        armed.mkdir()
        doer = Doer([Mill(tmp_path / "data")], [], [], armed)
        doer.patient = patient
        doer.run([Deed(0.0, "kill at", point) for point in points], threading.Event())
        doer.heal()
        assert sorted(one.name for one in armed.iterdir()) == sorted(waiting)


def test_run_when_short_then_every_promise_is_kept_and_the_page_says_so(tmp_path: Path) -> None:
    """Half a minute of it: kills, faults, whatever the seed says, which is printed."""
    report = tmp_path / "report.html"
    done = chaos("--minutes", "0.5", "--every", "0.8", "--keep", "--report", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^lost 0, doubled 0, stuck 0, else 0", done.stdout, re.MULTILINE)
    kills = re.search(r"^effective kills: (\d+)", done.stdout, re.MULTILINE)
    assert kills is not None
    assert int(kills[1]) >= 1
    page = report.read_text(encoding="utf-8")
    assert "kept every promise" in page
    assert page.count("<svg") == 4
    assert "http" not in page
    # What is kept can be judged once more, by somebody who knows whom an earlier judge lent a hand.
    folder = Path(re.findall(r"^seed .* in (/\S+)$", done.stdout, re.MULTILINE)[0])
    try:
        with (folder / "handed.txt").open("a", encoding="ascii") as handed:
            handed.write("019c2d6e-0000-7000-8000-00000000004d\n")
        count = len(set((folder / "handed.txt").read_text(encoding="ascii").split()))
        again = chaos("--judge", str(folder), "--report", str(report))
    finally:
        shutil.rmtree(folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert re.search(rf"lent a hand: {count} files", again.stdout)
    assert [line for line in again.stdout.splitlines() if line.startswith(("uploads:", "effective kills:"))] == [
        line for line in done.stdout.splitlines() if line.startswith(("uploads:", "effective kills:"))
    ]


def test_judge_when_the_folder_holds_no_run_then_one_line_says_so(tmp_path: Path) -> None:
    """And the status is that of a wrong call."""
    done = chaos("--judge", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"chaos: {tmp_path} has no promises.pickle")


@pytest.mark.slow
def test_run_when_a_safety_is_off_then_it_goes_red(tmp_path: Path) -> None:
    """Events that come twice do harm without the inbox, and the status says so."""
    seed = next(one for one in range(1000) if re.search(r"\d s  fault duplicate-events for", plan(one, 0.4)))
    report = tmp_path / "report.html"
    done = chaos("--minutes", "0.5", "--seed", str(seed), "--sabotage", "inbox", "--report", str(report))
    assert done.returncode == 1, done.stdout + done.stderr
    assert not re.search(r"doubled 0,", done.stdout)
    assert "broke " in report.read_text(encoding="utf-8")
