"""What every real server of the tests shares: a folder of its own, a user to run as, a start that is waited for, an end."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals

START_S = 300.0
"""A server that ends is noticed at once; one that is slow may share its machine with others."""
STOP_S = 30.0


class ServerFailed(Exception):
    """A server did not come up; the message carries the end of its log. A retry is useless."""


class Server(ABC):
    """One server process in a temporary folder.

    A subclass says its `name` and the Debian `user` it runs as when the tests run as root, and calls `launch`.
    """

    name: str
    user: str | None = None

    def __init__(self) -> None:
        # Not below pytest's own folder: that one is closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix=f"filemill-test-{self.name}-"))
        self.folder.chmod(0o755)
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._own(self.folder)

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self.process is not None
        return self.process.pid

    @abstractmethod
    def version(self) -> str:
        """What the server says of itself; printed at the start of the test session."""

    @abstractmethod
    def start(self) -> None:
        """Start it on its port; also again after `halt` or `kill`, on the same data. Raises `ServerFailed`."""

    def launch(self, command: Sequence[str], is_up: Callable[[], bool], **environment: str) -> None:
        """Start `command` in the server's folder and wait until `is_up`. Raises `ServerFailed`."""
        self.process = self.spawn(command, **environment)
        until_s = time.monotonic() + START_S
        while not self._answers(is_up):
            if self.process.poll() is not None or time.monotonic() > until_s:
                state = f"ended with {self.process.returncode}" if self.process.poll() is not None else "did not answer"
                said = self.said()
                self.stop()
                raise ServerFailed(f"{self.name} {state}: {said}")
            time.sleep(0.02)

    def spawn(self, command: Sequence[str], **environment: str) -> "subprocess.Popen[bytes]":
        """Start a process as the server's user, its words into the log, in a process group of its own."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user(),
            )

    def run(self, command: Sequence[str], **environment: str) -> str:
        """Run a tool of the server to its end and return what it printed. Raises `ServerFailed`."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_S,
            check=False,
            **self._as_user(),
        )
        if done.returncode:
            raise ServerFailed(
                f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr).decode()[-2000:]}"
            )
        return done.stdout.decode()

    def pause(self) -> None:
        """Stop it and its children in their tracks: it is there, and answers nothing."""
        self._send_all(SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._send_all(SIGCONT)

    def _send_all(self, number: Signals) -> None:
        """To the process and all below it; children that opened a group of their own (PostgreSQL's) too."""
        for pid in [self.pid, *_descendants(self.pid)]:
            with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
                os.kill(pid, number)

    def kill(self) -> None:
        """Kill it and all its children at once, and wait until it is gone; its folder stays, for a start anew."""
        assert self.process is not None
        family: list[int] = []
        if self.process.poll() is None:
            self.process.send_signal(SIGSTOP)  # so that it has no child after we looked
            family = _descendants(self.pid)
            for pid in [*family, self.pid]:
                with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
                    os.kill(pid, SIGKILL)
        self.process.wait(STOP_S)
        until_s = time.monotonic() + STOP_S
        while any(_lives(pid) for pid in family):  # one that lingers would still write to the data of the next start
            assert time.monotonic() < until_s, f"{self.name}: children do not end"
            time.sleep(0.005)

    def halt(self, number: Signals = SIGTERM) -> None:
        """Ask it to end and wait; killed if it does not. Its folder stays."""
        if self.process is None or self.process.poll() is not None:
            return
        self.resume()
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def stop(self) -> None:
        """End it and delete its folder."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log.exists() else ""

    def write(self, name: str, text: str) -> Path:
        """A configuration file in its folder, readable by its user."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self._own(path.parent)
        self._own(path)
        return path

    @property
    def runs_as(self) -> str:
        """The name of the user it runs as."""
        return self.user if self.user and os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def _own(self, path: Path) -> None:
        if self.user and os.geteuid() == 0:
            shutil.chown(path, self.user)

    def _as_user(self) -> dict[str, object]:
        if not (self.user and os.geteuid() == 0):
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TZ")}
        return kept | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"} | more

    @staticmethod
    def _answers(is_up: Callable[[], bool]) -> bool:
        try:
            return is_up()
        except OSError:
            return False


def _lives(pid: int) -> bool:
    """Whether a process runs; one that only waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _descendants(pid: int) -> list[int]:
    """Every process below this one, from /proc."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while we looked
            parent = int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    found, look = [], [pid]
    while look:
        children = parents.get(look.pop(), [])
        found += children
        look += children
    return found
