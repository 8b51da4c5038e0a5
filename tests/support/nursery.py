"""Starts processes of the mill by forking one parent that has imported everything once, as `filemill up` does; a program.

One line of JSON a request on standard input: `{"module", "environment", "out"}`; on standard output a line for each process:
`began PID`, later `ended PID STATUS`. The end of its input ends it and all of them.
"""

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

MODULES = tuple(
    f"filemill.{name}"
    for name in (
        "access.main", "upload.main", "metadata.main", "ai.main", "processing.main", "notification.main", "ai.worker",
        "processing.worker", "gateway.main",
    )
)  # fmt: skip


class Nursery:
    """The test's side of it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "support.nursery"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
        self._lock = threading.Lock()
        self._began: list[int] = []
        self.ended: dict[int, int] = {}
        """Exit status by process id; the number of a signal is negative."""
        self._heard = threading.Condition()
        self._hearing = threading.Thread(target=self._hear, daemon=True)
        self._hearing.start()

    def start(self, module: str, environment: Mapping[str, str], out: Path) -> int:
        """The process id of `module.run`, begun; it says that it is ready in a file beside `out`."""
        request = {"module": module, "environment": dict(environment), "out": str(out)}
        with self._lock, self._heard:
            before = len(self._began)
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            assert self._heard.wait_for(lambda: len(self._began) > before, 120)
            return self._began[-1]

    def wait(self, pid: int, timeout_s: float) -> int:
        """The exit status of a process. Raises `TimeoutError`."""
        with self._heard:
            if not self._heard.wait_for(lambda: pid in self.ended, timeout_s):
                raise TimeoutError(f"process {pid} goes on")
            return self.ended[pid]

    def close(self) -> None:
        """End it, and whatever still lives."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._hearing.join(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, *numbers = line.split()
            with self._heard:
                if word == "began":
                    self._began.append(int(numbers[0]))
                else:
                    self.ended[int(numbers[0])] = int(numbers[1])
                self._heard.notify_all()


def main() -> None:
    """Fork on request, tell of each end."""
    rooms = {name: importlib.import_module(name) for name in MODULES}
    children: set[int] = set()
    os.set_blocking(0, False)
    waiting = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.05)
        if ready:
            data = os.read(0, 1024 * 1024)
            if not data:
                break
            waiting += data
        while b"\n" in waiting:
            line, _, waiting = waiting.partition(b"\n")
            asked = json.loads(line)
            pid = os.fork()
            if pid == 0:
                _live(rooms[asked["module"]], asked["environment"], asked["out"])
            children.add(pid)
            _say("began", pid)
        for pid in list(children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                children.discard(pid)
                _say("ended", pid, os.waitstatus_to_exitcode(status))
    for pid in children:
        os.killpg(pid, signal.SIGKILL)


def _live(room: object, environment: dict[str, str], out: str) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        os.environ.clear()
        os.environ.update(environment)
        log = os.open(out, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        for number, fd in ((0, null), (1, log), (2, log)):
            os.dup2(fd, number)
        room.run(lambda _address: Path(out).with_suffix(".ready").touch())  # type: ignore[attr-defined]
        status = 0
    finally:
        if status:
            import traceback

            traceback.print_exc()
        sys.stderr.flush()
        os._exit(status)


def _say(*words: object) -> None:
    print(*words, flush=True)


if __name__ == "__main__":
    main()
