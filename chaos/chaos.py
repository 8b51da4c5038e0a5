"""`make chaos`: a real mill, clients that insist, and everything done to it that a seed says; then it heals, and is audited.

    python chaos/chaos.py [--minutes 3] [--every 1.5] [--rate 2] [--seed N] [--engines embedded|servers] [--instances 1]

Ends with a page (`--report`) and status 0 only if every promise was kept: nothing acknowledged lost, no effect doubled, nothing
stuck. The same seed gives the same deeds and the same files; how they meet is for the machine to decide.
Linux only; processes on loopback, in a folder of its own.
"""

import argparse
import random
import secrets
import shlex
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests")]

from crowd import Crowd  # noqa: E402 - only now can it be found
from doing import Doer  # noqa: E402
from judging import after_the_end, judge, wait_for_start  # noqa: E402
from plan import Deed, make_plan  # noqa: E402
from report import Run, lines, page  # noqa: E402
from watching import Watch  # noqa: E402

from support.engines import Engines, ServerEngines  # noqa: E402
from support.killer import Killer  # noqa: E402
from support.mill import Mill  # noqa: E402
from support.servers.postgresql import PostgreSql  # noqa: E402
from support.servers.rabbitmq import RabbitMq  # noqa: E402
from support.servers.redis import Redis  # noqa: E402
from support.servers.swift import Swift  # noqa: E402

START_S = 180.0


def main() -> int:
    """Run it; returns the exit status."""
    asked = _asked()
    seed = asked.seed if asked.seed is not None else secrets.randbits(32)
    deeds = make_plan(seed, asked.minutes * 60, asked.every, engines=asked.engines == "servers")
    if asked.plan:
        print("\n".join(map(str, deeds)))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="filemill-chaos-"))
    print(f"seed {seed}: {len(deeds)} deeds in {asked.minutes:g} minutes, in {folder}", flush=True)
    random.seed(seed)
    try:
        run = _run(asked, seed, deeds, folder)
        asked.report.write_text(page(run), encoding="utf-8")
        print("\n".join(lines(run)))
        print(f"report: {asked.report}")
        return 1 if run.found.wrong else 0
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _run(asked: argparse.Namespace, seed: int, deeds: list[Deed], folder: Path) -> Run:
    """Start, break, heal, audit, stop, look once more."""
    broken: list[str] = []
    threading.excepthook = lambda said: broken.append(f"{said.thread and said.thread.name}: {said.exc_value}")
    with ExitStack() as stack:
        mills = _mills(asked, folder, stack)
        mill = mills[0]
        mill.begin()
        wait_for_start(mill, START_S)
        for peer in mill.peers:
            peer.start()
        crowd = Crowd(mills, seed, asked.rate)
        killers = [Killer(one, lambda: crowd.in_flight) for one in mills]
        doer, watch = Doer(mills, killers, folder / "armed"), Watch(mills, crowd)
        over = threading.Event()
        breaking = threading.Thread(target=doer.run, args=(deeds, over), name="deeds", daemon=True)
        began_s = time.monotonic()
        for part in (crowd, watch, breaking):
            part.start()
        over.wait(asked.minutes * 60)
        over.set()
        breaking.join()
        doer.heal()
        crowd.stop()
        load_s = time.monotonic() - began_s
        print(f"{len(crowd.acknowledged)} uploads acknowledged; healing", flush=True)
        found = judge(mill, crowd, asked.heal)
        watch.stop()
        for one in (*mill.peers, mill):
            one.stop()
        after_the_end(mill, crowd, found)
        found.other += broken
        log = folder / "kills.log"
        kills = Counter(log.read_text(encoding="ascii").split() if log.exists() else [])
        return Run(
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
            not_met=sorted({path.name for path in (folder / "armed").iterdir()} - set(kills)),
            found=found,
        )


def _mills(asked: argparse.Namespace, folder: Path, stack: ExitStack) -> list[Mill]:
    engines = stack.enter_context(_servers()) if asked.engines == "servers" else None
    (folder / "armed").mkdir()
    environment = {
        "FILEMILL_TEST_CRASH_ARMED": str(folder / "armed"),
        "FILEMILL_TEST_CRASH_LOG": str(folder / "kills.log"),
        "FILEMILL_RESTART_PAUSE_MOST_S": "0.5",
        "FILEMILL_LOG_FORMAT": "json",
        # An analysis that is late ends as `unavailable`, as it must; here it is to be seen that none is lost.
        "FILEMILL_ANALYSIS_DEADLINE_S": "7200",
        "FILEMILL_TEST_BREAK": asked.sabotage,
    }
    count = asked.instances if engines else 1  # embedded engines belong to one
    mills = [Mill(folder / f"data{at}", engines, **environment) for at in range(1, count + 1)]
    mills[0].peers = mills[1:]
    stack.callback(_stop, mills)
    return mills


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
    parser.add_argument("--every", type=float, default=1.5, help="mean seconds between two deeds (1.5)")
    parser.add_argument("--rate", type=float, default=2.0, help="uploads a second, at most, by each kind of client (2)")
    parser.add_argument("--heal", type=float, default=300.0, help="seconds without progress that mean stuck (300)")
    parser.add_argument("--seed", type=int, help="the seed of an earlier run")
    parser.add_argument("--engines", choices=("embedded", "servers"), default="embedded")
    parser.add_argument("--instances", type=int, default=2, help="of every process, on servers (2)")
    parser.add_argument("--report", type=Path, default=Path("chaos-report.html"))
    parser.add_argument("--sabotage", default="", metavar="SAFETY", help="switch off inbox or confirm: it must go red")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--keep", action="store_true", help="keep the folder with data and logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
