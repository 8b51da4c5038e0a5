"""Five times more uploads than the mill can take: how many it still takes, how soon it refuses, how soon it is itself again.

`filemill up` on one core, the crowd on another. First as many small uploads as it can take (connections that wait for each
other's answer): the peak. Then `--times` as many, sent on time whatever becomes of the others, by clients who give up after ten
seconds and, refused, come again when `Retry-After` says, twice. Then a fifth of the peak, until it answers as it did before;
and the peak once more, since the speed of a shared machine drifts: what was good meanwhile is compared with the mean of both.
Good is an upload that was answered 201 while its client still waited. Run by itself:
`python benchmarks/overload.py [--minutes 2] [--times 5] [--nginx]`; prints a line a figure, status 1 if a bound was missed.
"""

import argparse
import asyncio
import contextlib
import errno
import gc
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nginx
import processes
import psutil
import uvloop

SERVICES = ("gateway", "access", "upload", "metadata", "ai", "processing", "notification")
BODY_BYTES = 2048
START_S = 300.0
PEAK_S, CLOSED = 20.0, 24
PATIENCE_S, TRIES = 10.0, 3
REFUSED = (429, 503)
CALM_S, CALM_SHARE, RECOVERED_MOST_S = 5, 0.2, 60.0
GOOD_SHARE, REFUSED_P95_S, RECOVERED_S, MEMORY_BYTES = 0.8, 0.1, 30.0, 3 << 30
UNANSWERED_SHARE = 0.01
"""Whom the mill cannot serve it is to refuse, not to keep until he goes: a figure of refusals alone would not show him."""


@dataclass(slots=True)
class Phase:
    """What came of the calls of one phase; seconds each, by when they ended."""

    began_s: float = field(default_factory=time.monotonic)
    sent: int = 0
    good: list[tuple[float, float]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    gave_up: int = 0
    unanswered: int = 0
    broken: int = 0
    late: int = 0

    def rate(self, over_s: float) -> float:
        """Good uploads a second."""
        return len(self.good) / over_s


class Crowd:
    """Clients of one gateway. A connection is used again once its answer is there."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def closed(self, phase: Phase, for_s: float) -> None:
        """`CLOSED` clients, each sending when it was answered."""
        until_s = time.monotonic() + for_s

        async def one() -> None:
            while time.monotonic() < until_s:
                await self._insist(phase)

        await asyncio.gather(*[one() for _ in range(CLOSED)])

    async def open(self, phase: Phase, per_s: float, for_s: float) -> None:
        """Arrivals by chance, whatever becomes of those before; returns when each has ended."""
        due_s, until_s = time.monotonic(), time.monotonic() + for_s
        while due_s < until_s:
            due_s += random.expovariate(per_s)
            if (pause_s := due_s - time.monotonic()) > 0:
                await asyncio.sleep(pause_s)
            elif pause_s < -1:
                phase.late += 1  # the crowd itself does not keep up: then its figures say nothing
            task = asyncio.create_task(self._insist(phase))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.gather(*self._tasks)

    async def _insist(self, phase: Phase) -> None:
        """One upload: its client waits so long, comes again when it is told to, and then gives up."""
        phase.sent += 1
        name = os.urandom(8).hex()
        began_s = time.monotonic()
        for _ in range(TRIES):
            at_s = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    status, retry_after_s = await self._put(name)
            except TimeoutError:
                phase.unanswered += 1
                return
            except (OSError, EOFError, ValueError) as error:
                if isinstance(error, OSError) and error.errno == errno.EMFILE:
                    phase.late += 1  # the crowd has no socket left for him: no word on the mill
                else:
                    phase.broken += 1
                return
            if status == 201:
                phase.good.append((time.monotonic() - phase.began_s, time.monotonic() - at_s))
                return
            if status not in REFUSED:
                phase.broken += 1
                return
            phase.refused.append(time.monotonic() - at_s)
            await asyncio.sleep(retry_after_s * random.uniform(0.5, 1.5))
            if time.monotonic() - began_s > PATIENCE_S:
                break
        phase.gave_up += 1

    async def _put(self, name: str) -> tuple[int, float]:
        reader, writer = self._alive() or await asyncio.open_connection("127.0.0.1", self._port)
        try:
            head = f"PUT /api/upload/files?filename={name}.txt HTTP/1.1\r\nHost: localhost\r\n"
            body = name.encode() * (BODY_BYTES // len(name))
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            fields = dict(line.split(": ", 1) for line in said.split("\r\n")[1:] if ": " in line)
            await reader.readexactly(int(fields.get("content-length", 0)))
        except BaseException:
            writer.transport.abort()
            raise
        if fields.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(said[9:12]), float(fields.get("retry-after", 1))

    def _alive(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """One that is at rest and was not closed meanwhile: what the mill ended for idleness is no broken upload."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None


class Memory:
    """The most that all processes of a mill had resident, looked at each second."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self.most_bytes = 0

    async def watch(self) -> None:
        """For ever."""
        while True:
            now_bytes = 0
            for one in [self._root, *self._root.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    now_bytes += one.memory_info().rss
            self.most_bytes = max(self.most_bytes, now_bytes)
            await asyncio.sleep(1)


class Lag:
    """How late the crowd's own event loop is: what it says of the mill's time holds as far as this is small."""

    EVERY_S = 0.02

    def __init__(self) -> None:
        self.late_s: list[float] = []

    async def watch(self) -> None:
        """For ever."""
        while True:
            due_s = time.monotonic() + self.EVERY_S
            await asyncio.sleep(self.EVERY_S)
            self.late_s.append(time.monotonic() - due_s)


@contextlib.contextmanager
def running(folder: Path, *, by_nginx: bool) -> Iterator[tuple[int, int]]:
    """A mill on the servers' core: its process, the port of the local gateway or of NGINX before its upload service."""
    ports = {name: processes.free_port() for name in SERVICES}
    environment = os.environ | {f"FILEMILL_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    environment["FILEMILL_DATA_DIR"] = str(folder / "data")
    said = folder / "mill.out"
    os.sched_setaffinity(0, processes.SERVER_CORES)
    with said.open("wb") as out:  # a pipe that nobody reads would stop it one day
        mill = subprocess.Popen(
            [sys.executable, "-m", "filemill.cli", "up"], env=environment, stdout=out, stderr=out, start_new_session=True
        )  # fmt: skip
    os.sched_setaffinity(0, processes.CLIENT_CORES)
    try:
        until_s = time.monotonic() + START_S
        while "all ready" not in said.read_text(errors="replace"):
            if mill.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"the mill did not start: {said.read_text(errors='replace')}")
            time.sleep(0.1)
        if by_nginx:
            with nginx.edge(folder / "nginx", ports["upload"]) as edge:
                yield mill.pid, edge.port
        else:
            yield mill.pid, ports["gateway"]
    finally:
        mill.send_signal(signal.SIGINT)
        try:
            mill.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(mill.pid, signal.SIGKILL)
            mill.wait()


async def measure(pid: int, port: int, overload_s: float, times: float) -> list[tuple[str, str, bool]]:
    """(what, measured and allowed, whether it holds)."""
    crowd, memory = Crowd(port), Memory(pid)
    watching = asyncio.create_task(memory.watch())
    await crowd.closed(Phase(), 3)  # caches, connections
    peak = Phase()
    await crowd.closed(peak, PEAK_S)
    peak_per_s = peak.rate(PEAK_S)
    calm = Phase()
    await crowd.open(calm, CALM_SHARE * peak_per_s, 10)
    usual_s = _p95([took_s for _, took_s in calm.good])
    lag = Lag()
    lagging = asyncio.create_task(lag.watch())
    storm = Phase()
    await crowd.open(storm, times * peak_per_s, overload_s)
    lagging.cancel()
    good_per_s = len([at_s for at_s, _ in storm.good if at_s <= overload_s]) / overload_s
    recovered_s = await _recover(crowd, CALM_SHARE * peak_per_s, max(0.05, 2 * usual_s))
    watching.cancel()
    again = Phase()
    await crowd.closed(again, PEAK_S)
    again_per_s = again.rate(PEAK_S)
    refused_s, share = _p95(storm.refused), good_per_s / ((peak_per_s + again_per_s) / 2)
    hasty = f"{len(storm.refused)} times, p95 {refused_s * 1e3:.0f} ms (100 ms); gave up {storm.gave_up}, broken {storm.broken}"
    waited = storm.unanswered / storm.sent
    return [
        ("peak", f"{peak_per_s:.0f}/s before, {again_per_s:.0f}/s after, {CLOSED} clients", True),
        ("answers to a calm crowd", f"p95 {usual_s * 1e3:.0f} ms", True),
        ("offered", f"{storm.sent / overload_s:.0f}/s for {overload_s:.0f} s ({storm.late} sent late)", storm.late == 0),
        ("good", f"{good_per_s:.0f}/s, {share:.0%} of the peak's mean (80 %)", share >= GOOD_SHARE),
        ("answers to the good", f"p50 {_p(storm, 0.5):.2f} s, p95 {_p(storm, 0.95):.2f} s", True),
        ("refused", hasty, refused_s < REFUSED_P95_S and not storm.broken),
        ("the crowd's own lag meanwhile", f"p95 {_p95(lag.late_s) * 1e3:.0f} ms", True),
        ("left waiting for nothing", f"{storm.unanswered}, {waited:.0%} of all (1 %)", waited <= UNANSWERED_SHARE),
        ("recovered", f"after {recovered_s:.0f} s (30 s)", recovered_s <= RECOVERED_S),
        ("memory", f"at most {memory.most_bytes / 2**20:.0f} MiB in all processes (3 GiB)", memory.most_bytes < MEMORY_BYTES),
    ]  # fmt: skip


async def _recover(crowd: Crowd, per_s: float, usual_s: float) -> float:
    """Seconds until for some seconds in a row answers came as they used to."""
    began_s, good_since_s = time.monotonic(), None
    while time.monotonic() - began_s < RECOVERED_MOST_S:
        second = Phase()
        at_s = time.monotonic()
        await crowd.open(second, per_s, 1)
        well = second.good and not second.refused and _p95([took_s for _, took_s in second.good]) <= usual_s
        good_since_s = (at_s if good_since_s is None else good_since_s) if well else None
        if good_since_s is not None and time.monotonic() - good_since_s >= CALM_S:
            return good_since_s - began_s
    return RECOVERED_MOST_S


def _p(phase: Phase, share: float) -> float:
    took_s = sorted(took_s for _, took_s in phase.good)
    return took_s[int(len(took_s) * share)] if took_s else 0.0


def _p95(took_s: list[float]) -> float:
    return sorted(took_s)[int(len(took_s) * 0.95)] if took_s else 0.0


def main() -> int:
    """Measure once; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=2.0, help="how long it is too much (2)")
    parser.add_argument("--times", type=float, default=5.0, help="how many times the peak (5)")
    parser.add_argument("--nginx", action="store_true", help="NGINX as we render it is the door, not the local gateway")
    asked = parser.parse_args()
    # Whoever is overloaded has many waiting: each is a socket here, and one more in the mill.
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    gc.set_threshold(200_000, 50, 1_000)  # ten thousand waiting clients walked again and again would be the crowd's lag
    with (
        tempfile.TemporaryDirectory(prefix="filemill-overload-") as folder,
        running(Path(folder), by_nginx=asked.nginx) as (pid, port),
    ):
        figures = uvloop.run(measure(pid, port, asked.minutes * 60, asked.times))
    for what, said, holds in figures:
        print(f"{'ok  ' if holds else 'MISS'}  {what}: {said}")
    print(json.dumps({what: said for what, said, _ in figures}))
    return 0 if all(holds for _, _, holds in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
