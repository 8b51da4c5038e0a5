"""`make chaos`: a real mill, clients that insist, and everything done to it that a seed says; then it heals, and is audited.

    python chaos/chaos.py [--minutes 3] [--every 1.5] [--rate 2] [--seed N] [--engines embedded|servers] [--instances 2]
                          [--kills-a-point N] [--uploads N] [--only KIND ...] [--points POINT ...] [--clients N] [--keep]
    python chaos/chaos.py --judge FOLDER

With `--kills-a-point` a point that has had so many kills is left alone from then on, one to which somebody seldom comes waits
until he does, and the run ends when all have theirs (and so many uploads are acknowledged), or when the time is over.
Ends with a page (`--report`) and status 0 only if every promise was kept: nothing acknowledged lost, no effect doubled, nothing
stuck. The same seed gives the same deeds and the same files; how they meet is for the machine to decide.
With `--keep` the folder stays; `--judge` heals and audits what a run left there whose judge did not come to an end.
Linux only; processes on loopback, in a folder of its own.
"""

import argparse
import itertools
import random
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests")]

from crowd import Crowd  # noqa: E402 - only now can it be found
from doing import DISK_MIB, Doer  # noqa: E402
from judging import Judgement, after_the_end, judge, wait_for_start  # noqa: E402
from plan import KINDS, POINTS, Deed, make_plan, until  # noqa: E402
from remembering import NothingToJudge, recall, remember  # noqa: E402
from report import Run, lines, page, table  # noqa: E402
from watching import Watch  # noqa: E402
from wires import Wires  # noqa: E402

from support.engines import Engines, ServerEngines  # noqa: E402
from support.killer import Killer  # noqa: E402
from support.mill import Mill  # noqa: E402
from support.servers.postgresql import PostgreSql  # noqa: E402
from support.servers.rabbitmq import RabbitMq  # noqa: E402
from support.servers.redis import Redis  # noqa: E402
from support.servers.swift import Swift  # noqa: E402
from support.tiny_disk import disk, why_no_disk  # noqa: E402

START_S = 300.0
SAY_EVERY_S = 60.0
PATIENT = 32
"""Points that stay armed until somebody comes, where each is to have its kills."""


def main() -> int:
    """Run it; returns the exit status."""
    asked = _asked()
    if asked.judge:
        try:
            return _say(asked, _judge_later(asked))
        except NothingToJudge as error:
            print(f"chaos: {error}", file=sys.stderr)
            return 2
    seed = asked.seed if asked.seed is not None else secrets.randbits(32)
    no_disk = why_no_disk()
    deeds = make_plan(
        seed, asked.every, engines=asked.engines == "servers", disk=not no_disk, only=asked.only, points=asked.points
    )
    planned = until(deeds, asked.minutes * 60)
    if asked.plan:
        print("\n".join(map(str, planned)))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="filemill-chaos-"))
    if no_disk:
        print(f"left out: no disk is full ({no_disk})", flush=True)
    print(f"seed {seed}: {len(planned)} deeds in {asked.minutes:g} minutes, in {folder}", flush=True)
    random.seed(seed)
    try:
        return _say(asked, _run(asked, seed, planned, folder))
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _say(asked: argparse.Namespace, run: Run) -> int:
    """Write the page and print the summary; returns the exit status."""
    asked.report.write_text(page(run), encoding="utf-8")
    if asked.table:
        asked.table.write_text(table(run), encoding="utf-8")
    print("\n".join(lines(run)))
    print(f"report: {asked.report}")
    return 1 if run.found.wrong else 0


def _run(asked: argparse.Namespace, seed: int, deeds: list[Deed], folder: Path) -> Run:
    """Start, break, heal, audit, stop, look once more."""
    broken: list[str] = []
    threading.excepthook = lambda said: broken.append(f"{said.thread and said.thread.name}: {said.exc_value}")
    with ExitStack() as stack:
        mills = _mills(asked, folder, stack)
        wires = [stack.enter_context(Wires(one)) for one in mills]
        stack.callback(_stop, mills)
        mill = mills[0]
        mill.begin()
        wait_for_start(mill, START_S)
        for peer in mill.peers:
            peer.start()
        crowd = Crowd(mills, seed, asked.rate, asked.clients, asked.minutes * 60)
        killers = [Killer(one, lambda: crowd.in_flight) for one in mills]
        doer, watch = Doer(mills, killers, wires, folder / "armed"), Watch(mills, crowd)
        log = folder / "kills.log"
        if asked.kills_a_point:
            doer.choose = lambda point: _wanting(point, asked.points, log, folder / "armed", asked.kills_a_point)
            doer.patient = PATIENT
        over = threading.Event()
        breaking = threading.Thread(target=doer.run, args=(deeds, over), name="deeds", daemon=True)
        began_s = time.monotonic()
        for part in (crowd, watch, breaking):
            part.start()
        _wait(asked, over, log, crowd)
        over.set()
        breaking.join()
        doer.heal()
        crowd.stop()
        load_s = time.monotonic() - began_s
        print(f"{len(crowd.acknowledged)} uploads acknowledged; healing", flush=True)
        kills = kills_at(log)
        run = Run(
            seed=seed,
            command=shlex.join(
                ["chaos/chaos.py", *sys.argv[1:], *([] if asked.seed is not None else ["--seed", str(seed)])]
            ),
            duration_s=load_s,
            engines=asked.engines,
            done=doer.done,
            kills_at=kills,
            outside=sum((killer.kills for killer in killers), Counter()),
            outside_effective=sum((killer.effective for killer in killers), Counter()),
            sent=len(crowd.sent),
            acknowledged=len(crowd.acknowledged),
            refused=len(crowd.forms.refused),
            retries=crowd.retries,
            looks=watch.looks,
            not_met=sorted(set(doer.armed) - set(kills)),
            broken=broken,
        )
        remember(folder, run, crowd.promises)
        found = judge(mill, crowd.promises, asked.heal)
        watch.stop()
        return _close(mills, run, found)


def _judge_later(asked: argparse.Namespace) -> Run:
    """Heal and audit what an earlier run left behind. Raises `NothingToJudge`."""
    run, promises = recall(asked.judge)
    print(f"seed {run.seed}: {run.acknowledged} uploads acknowledged; healing", flush=True)
    mill = Mill(asked.judge / "data1", None, **_environment(asked.judge))
    mill.output = asked.judge / "judged.out"
    mill.output.unlink(missing_ok=True)  # an earlier start said in it that all is ready
    with ExitStack() as stack:
        stack.callback(mill.end_all)
        mill.begin()
        wait_for_start(mill, START_S)
        return _close([mill], run, judge(mill, promises, asked.heal))


def _close(mills: list[Mill], run: Run, found: Judgement) -> Run:
    """Stop, look once more; returns the whole run."""
    mill = mills[0]
    for one in (*mill.peers, mill):
        one.stop()
    after_the_end(mill, found)
    found.other += run.broken
    return replace(run, found=found)


def _wait(asked: argparse.Namespace, over: threading.Event, log: Path, crowd: Crowd) -> None:
    """Until the time is over, or every point has had its kills and enough was uploaded meanwhile."""
    for minute in itertools.count(1):
        left_s = asked.minutes * 60 - (minute - 1) * SAY_EVERY_S
        if over.wait(min(SAY_EVERY_S, max(0.0, left_s))) or left_s <= SAY_EVERY_S:
            return
        if asked.kills_a_point:
            kills = kills_at(log)
            least = min(asked.points, key=lambda point: kills[point])
            done, uploads = sum(kills[point] >= asked.kills_a_point for point in asked.points), len(crowd.acknowledged)
            print(
                f"{minute} min: {uploads} uploads; {kills.total()} kills, {done} of {len(asked.points)} points have theirs,"
                f" fewest at {least} ({kills[least]})",
                flush=True,
            )
            if done == len(asked.points) and uploads >= asked.uploads:
                return


def _wanting(point: str, points: Sequence[str], log: Path, armed: Path, enough: int) -> str | None:
    """This point, or if it has had enough the one with the fewest kills that waits for none."""
    kills = kills_at(log)
    if kills[point] < enough:
        return point
    others = [one for one in points if kills[one] < enough and not (armed / one).exists()]
    return min(others, key=lambda one: kills[one], default=None)


def kills_at(log: Path) -> Counter[str]:
    """Point -> how many processes were killed there."""
    return Counter(log.read_text(encoding="ascii").split() if log.exists() else [])


def _mills(asked: argparse.Namespace, folder: Path, stack: ExitStack) -> list[Mill]:
    engines = stack.enter_context(_servers()) if asked.engines == "servers" else None
    (folder / "armed").mkdir()
    environment = _environment(folder, asked.sabotage)
    count = asked.instances if engines else 1  # embedded engines belong to one
    places = [folder / f"data{at}" for at in range(1, count + 1)]
    if not why_no_disk():
        for place in places:
            stack.enter_context(_disk(place, keep=asked.keep))
    mills = [Mill(place, engines, **environment) for place in places]
    mills[0].peers = mills[1:]
    return mills


def _environment(folder: Path, sabotage: str = "") -> dict[str, str]:
    """What the mills of a run are told beside their addresses."""
    return {
        "FILEMILL_TEST_CRASH_ARMED": str(folder / "armed"),
        "FILEMILL_TEST_CRASH_LOG": str(folder / "kills.log"),
        "FILEMILL_RESTART_PAUSE_MOST_S": "0.1",
        "FILEMILL_LOG_FORMAT": "json",
        # An analysis that is late ends as `unavailable`, as it must; here it is to be seen that none is lost.
        "FILEMILL_ANALYSIS_DEADLINE_S": "7200",
        "FILEMILL_TEST_BREAK": sabotage,
    }


@contextmanager
def _disk(place: Path, *, keep: bool) -> Iterator[None]:
    """A disk that can be full, in memory; `keep`: what is on it stays at its place when the disk is gone."""
    kept = place.with_suffix(".kept")
    with disk(place, DISK_MIB):
        try:
            yield
        finally:
            if keep:
                subprocess.run(["cp", "-a", str(place), str(kept)], check=True)
    if keep:
        place.rmdir()
        kept.rename(place)


def _stop(mills: list[Mill]) -> None:
    for mill in mills:
        mill.end_all()


@contextmanager
def _servers() -> Iterator[Engines]:
    """Real ones of this run's own, on loopback."""
    with ExitStack() as stack:
        servers = (PostgreSql(), RabbitMq(), Swift(), Redis())
        for server in servers:
            server.start()
            stack.callback(server.stop)
        postgresql, rabbitmq, swift, redis = servers
        engines = ServerEngines(postgresql, rabbitmq, swift, redis, "chaos")
        stack.callback(engines.close)
        yield engines


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos ARGS=", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=3.0, help="how long it is broken and loaded (3)")
    parser.add_argument("--hours", type=float, help="the same in hours")
    parser.add_argument(
        "--kills-a-point", type=int, default=0, metavar="N", help="end early once every point has N kills"
    )
    parser.add_argument("--uploads", type=int, default=0, metavar="N", help="nor before N uploads are acknowledged")
    parser.add_argument(
        "--only", nargs="+", choices=KINDS, default=(), metavar="KIND", help="deeds of these kinds alone"
    )
    parser.add_argument("--every", type=float, default=1.5, help="mean seconds between two deeds (1.5)")
    parser.add_argument("--rate", type=float, default=2.0, help="uploads a second, at most (2)")
    parser.add_argument(
        "--points", nargs="+", choices=POINTS, default=POINTS, metavar="POINT", help="kills at these named points alone"
    )
    parser.add_argument("--clients", type=int, default=6, help="how many upload at once; a third by tus (6)")
    parser.add_argument("--heal", type=float, default=300.0, help="seconds without progress that mean stuck (300)")
    parser.add_argument("--seed", type=int, help="the seed of an earlier run")
    parser.add_argument("--engines", choices=("embedded", "servers"), default="embedded")
    parser.add_argument("--instances", type=int, default=2, help="of every process, on servers (2)")
    parser.add_argument("--report", type=Path, default=Path("chaos-report.html"))
    parser.add_argument("--table", type=Path, metavar="FILE", help="the kills of each point, in Markdown")
    parser.add_argument("--sabotage", default="", metavar="SAFETY", help="switch off inbox or confirm: it must go red")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--keep", action="store_true", help="keep the folder with data and logs")
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="only heal and audit what such a run left behind")
    asked = parser.parse_args()
    asked.minutes = asked.hours * 60 if asked.hours is not None else asked.minutes
    return asked


if __name__ == "__main__":
    sys.exit(main())
