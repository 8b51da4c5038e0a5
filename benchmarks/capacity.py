"""What one thing costs, in processor seconds of each service: an upload, a megabyte, a processed file, a query.

Counted by the kernel (`/proc`), not by a clock, so that others on the machine matter little. What services spend while nothing
is asked of them is measured first and taken off. Run by itself: `python benchmarks/capacity.py`; a line of JSON for each piece
of work. `docs/capacity.md` and `benchmarks/queueing.py` go on from these figures.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import processes
import psutil

SERVICES = ("gateway", "access", "upload", "metadata", "ai", "processing", "notification")
SMALL, SMALL_BYTES = 150, 5_000
LARGE, LARGE_BYTES = 10, 16 * 1024 * 1024
QUERIES = 300
IDLE_S = 15.0
END_S = 400.0


class Mill:
    """A whole mill in processes of its own, and what each has spent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {name: processes.free_port() for name in SERVICES}
        self.url = f"http://127.0.0.1:{self._ports['gateway']}"

    @contextmanager
    def running(self) -> Iterator["Mill"]:
        """Up until the end."""
        environment = os.environ | {f"FILEMILL_{name.upper()}_PORT": str(port) for name, port in self._ports.items()}
        environment["FILEMILL_DATA_DIR"] = str(self._folder / "data")
        command = [sys.executable, "-m", "filemill.cli", "up"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as mill:
            try:
                assert mill.stdout is not None
                for line in mill.stdout:
                    if "all ready" in line:
                        break
                yield self
            finally:
                mill.terminate()
                mill.wait(60)

    def spent_s(self) -> dict[str, float]:
        """Processor seconds of each unit so far, of what it started and of what that has ended, too."""
        units = json.loads((self._folder / "data" / "run" / "pids.json").read_text())["units"]
        return {name: _spent_s(unit["pid"]) for name, unit in units.items()}


def _spent_s(pid: int) -> float:
    root = psutil.Process(pid)
    total = 0.0
    for one in [root, *root.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def main() -> None:
    """Measure each piece of work and say what it cost."""
    with tempfile.TemporaryDirectory() as folder, Mill(Path(folder)).running() as mill:
        client = httpx.Client(base_url=mill.url, timeout=120)
        with client:
            made = _upload(client, 10, SMALL_BYTES)  # what is done once at the first of its kind
            _ended(client, made)
            idle = _cost(mill, lambda: time.sleep(IDLE_S), {})
            rate = {name: spent / IDLE_S for name, spent in idle.items()}
            _say("nothing, a second", IDLE_S, idle)
            files: list[str] = []

            def small() -> None:
                files.extend(_upload(client, SMALL, SMALL_BYTES))
                _ended(client, files)

            _say(f"a text of {SMALL_BYTES} bytes, until it is analysed", SMALL, _cost(mill, small, rate))

            def large() -> None:
                _ended(client, _upload(client, LARGE, LARGE_BYTES, ".bin"))

            _say(
                f"{LARGE_BYTES // 2**20} MiB that no step reads, a MiB",
                LARGE * LARGE_BYTES / 2**20,
                _cost(mill, large, rate),
            )
            for name, path in (("one file's metadata", f"/api/metadata/files/{files[0]}"),
                               ("a search", "/api/metadata/files?q=harbour&limit=10"),
                               ("a list", "/api/upload/files?limit=20")):  # fmt: skip

                def ask(path: str = path) -> None:
                    for _ in range(QUERIES):
                        client.get(path).raise_for_status()

                _say(name, QUERIES, _cost(mill, ask, rate))


def _cost(mill: Mill, work: Callable[[], object], rate: dict[str, float]) -> dict[str, float]:
    """Processor seconds of each unit for `work`, less what they spend anyway."""
    before, began_s = mill.spent_s(), time.monotonic()
    work()
    took_s = time.monotonic() - began_s
    return {
        name: max(0.0, spent - before[name] - rate.get(name, 0.0) * took_s) for name, spent in mill.spent_s().items()
    }


def _upload(client: httpx.Client, count: int, size: int, ending: str = ".txt") -> list[str]:
    made = []
    for _ in range(count):
        line = f"{uuid.uuid4()}: the harbour was quiet, three boats lay at the pier.\n".encode()
        content = (line * (size // len(line) + 1))[:size] if ending == ".txt" else os.urandom(size)
        answer = client.put("/api/upload/files", params={"filename": f"{uuid.uuid4()}{ending}"}, content=content)
        made.append(str(answer.raise_for_status().json()["file_id"]))
    return made


def _ended(client: httpx.Client, files: list[str]) -> None:
    """Wait without asking often: the question costs, too."""
    until_s = time.monotonic() + END_S
    for file_id in files[-1:] + files:
        while True:
            known = client.get(f"/api/upload/files/{file_id}").json()
            if known["status"] in ("processed", "failed") and known["analysis"] != "pending":
                break
            if time.monotonic() > until_s:
                raise TimeoutError(f"{file_id} is {known['status']}")
            time.sleep(0.5)


def _say(work: str, count: float, spent: dict[str, float]) -> None:
    each = {name: round(1000 * seconds / count, 3) for name, seconds in spent.items()}
    print(json.dumps({"work": work, "ms_each": each, "ms": round(sum(each.values()), 2)}), flush=True)


if __name__ == "__main__":
    main()
