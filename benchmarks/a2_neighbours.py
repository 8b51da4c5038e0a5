"""A2: what somebody notices of a neighbour who calls ten times as often as he may: the p95 of one caller's small uploads.

Upload with its usual limits (50 calls a second, 200 at once), one core. The one who is measured sends a file of 4 KiB every
30 ms; the neighbour asks for a list of files, 500 times a second with a key of his own. In turns: nobody else, a neighbour
at his limit, a neighbour at ten times it.
"""

import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import http_client
import processes
import uvloop

ROUNDS, UPLOADS, WARM_UP = 15, 150, 50
EVERY_S = 0.03
LIMIT_PER_S, BURST = 50, 200
SIDES = {"alone": 0, "beside one at the limit": LIMIT_PER_S, "beside one at 10x the limit": 10 * LIMIT_PER_S}
GOAL = 1.10


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        return _measure(Path(folder), running)


def _measure(folder: Path, running: contextlib.ExitStack) -> list[dict[str, Any]]:
    keys = {"FILEMILL_AUTH": "keys"}
    command, environment, access_port = processes.filemill("access", folder, **keys)
    mine, his = (_key(environment, owner) for owner in ("ann", "bob"))
    running.enter_context(processes.running(command, environment, access_port, pinned=False))
    command, environment, _ = processes.filemill("upload", folder, **keys, FILEMILL_ACCESS_PORT=str(access_port))
    server = running.enter_context(processes.running(command, environment, _))
    processes.be_the_client()
    found_ms: dict[str, list[float]] = {name: [] for name in SIDES}
    connection = http_client.Connection(server.port)
    _uploads(connection, mine, WARM_UP)
    refused: Counter[int] = Counter()
    for _ in range(ROUNDS):
        for name in random.sample(list(SIDES), len(SIDES)):
            with _neighbour(server.port, his, SIDES[name], refused if SIDES[name] > LIMIT_PER_S else Counter()):
                found_ms[name].append(_p95_ms(_uploads(connection, mine, UPLOADS)))
    connection.close()
    processes.be_nobody()
    if not refused[429] > refused[200]:
        raise RuntimeError(f"the neighbour was not held back: {dict(refused)}")
    p95_ms = {name: statistics.median(rounds) for name, rounds in found_ms.items()}
    loud = p95_ms["beside one at 10x the limit"]
    return [
        _row("A2", "a neighbour at his limit", loud, p95_ms["beside one at the limit"]),
        _row("A2-alone", "no neighbour", loud, p95_ms["alone"]),
    ]


def _row(name: str, anchor_is: str, ours_ms: float, anchor_ms: float) -> dict[str, Any]:
    return {
        "id": name, "work": "p95 of one's small uploads beside another who calls at 10x the limit", "anchor_is": anchor_is,
        "ours": round(ours_ms, 2), "anchor": round(anchor_ms, 2), "ratio": round(ours_ms / anchor_ms, 2), "unit": "ms",
        "goal": f"ratio <= {GOAL:g}", "met": ours_ms / anchor_ms <= GOAL,
    }  # fmt: skip


def _key(environment: dict[str, str], owner: str) -> str:
    command = [sys.executable, "-m", "filemill.cli", "keys", "create", "--owner", owner, "--json"]
    made = subprocess.run(command, env=environment, check=True, capture_output=True)
    return str(json.loads(made.stdout)["key"])


def _uploads(connection: http_client.Connection, key: str, count: int) -> list[float]:
    """Seconds of each."""
    took_s = []
    for _ in range(count):
        body = os.urandom(4096)
        head = f"PUT /files?filename=a.bin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Length: 4096\r\n\r\n"
        began_s = time.perf_counter()
        answer = connection.call(head.encode() + body)
        took_s.append(time.perf_counter() - began_s)
        if answer.status != 201:
            raise RuntimeError(f"answered {answer.head[:200]!r}")
        time.sleep(max(0.0, EVERY_S - took_s[-1]))
    return took_s


def _p95_ms(took_s: list[float]) -> float:
    return sorted(took_s)[int(len(took_s) * 0.95)] * 1e3


@contextlib.contextmanager
def _neighbour(port: int, key: str, per_s: int, said: Counter[int]) -> Iterator[None]:
    """Somebody else in a process of his own, who has used up his burst; what he was answered is added to `said`."""
    if not per_s:
        yield
        return
    # Who sends for the neighbour shares a core with who measures, and must not be what is measured.
    command = ["nice", "-n", "19", sys.executable, __file__, str(port), key, str(per_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        answers = process.communicate("enough\n")[0]
        said.update({int(status): count for status, count in json.loads(answers).items()})


async def _call(port: int, key: str, per_s: int) -> Counter[int]:
    """Send on time, whatever the answers; until a line comes on standard input."""
    said: Counter[int] = Counter()
    request = f"GET /files?limit=10 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    pool: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(32):
        pool.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def one() -> None:
        reader, writer = await pool.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        said[int(head[9:12])] += 1
        pool.put_nowait((reader, writer))

    await asyncio.gather(*(one() for _ in range(2 * BURST)))
    said.clear()
    print("the burst is used up", flush=True)
    enough = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    running, at_s = set(), time.monotonic()
    while not enough.done():
        running.add(task := asyncio.create_task(one()))
        task.add_done_callback(running.discard)
        at_s += 1 / per_s
        await asyncio.sleep(max(0.0, at_s - time.monotonic()))
    await asyncio.gather(*running)
    return said


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_call(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))))
