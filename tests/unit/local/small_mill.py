"""A mill of toy units for the supervisor's tests, run as a program: small_mill.py DATA_DIR UNIT... [option=value...]"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from filemill.local.backoff import Backoff
from filemill.local.run_folder import AlreadyRunning
from filemill.local.supervisor import Supervisor, say_line
from filemill.local.units import Report, Unit


def plain(report: Report) -> None:
    """Serves until SIGTERM."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    report.ready("http://127.0.0.1:1")
    while not asked:
        signal.pause()


def stubborn(report: Report) -> None:
    """Will not hear."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report.ready()
    while True:
        signal.pause()


def parent(report: Report) -> None:
    """Has a child in its own group, one in another group, and a grandchild; none of them ends by itself."""
    nested = "import subprocess, sys; subprocess.Popen(['sleep', '1000'], start_new_session=True).wait()"
    own = subprocess.Popen(["sleep", "1000"])
    other = subprocess.Popen([sys.executable, "-c", nested], start_new_session=True)
    report.ready(f"{own.pid} {other.pid}")
    while True:
        signal.pause()


def port(report: Report) -> None:
    number = int(OPTIONS["port"])
    try:
        listener = socket.create_server(("127.0.0.1", number))
    except OSError:
        report.fatal(f"port {number} is taken;\nset FILEMILL_UPLOAD_PORT")
        sys.exit(1)
    report.ready(f"http://127.0.0.1:{listener.getsockname()[1]}")
    while True:
        signal.pause()


def broken(report: Report) -> None:
    raise RuntimeError("no such module")


def silent(report: Report) -> None:
    """Never becomes ready."""
    while True:
        signal.pause()


def busy(report: Report) -> None:
    """Says what it is at, and takes longer than a start may."""
    report.takes_long("brings its database up to date")
    time.sleep(float(OPTIONS["busy_s"]))
    report.ready()
    signal.pause()


def crasher(report: Report) -> None:
    """Becomes ready and dies, each time."""
    report.ready()
    os._exit(3)


def inside(report: Report) -> None:
    """Tells what a child finds after the fork."""
    facts = [
        os.getpgrp() == os.getpid(),
        signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        signal.getsignal(signal.SIGINT) == signal.SIG_DFL,
        signal.set_wakeup_fd(-1) == -1,
        os.read(0, 1) == b"",
        not signal.pthread_sigmask(signal.SIG_BLOCK, ()),
    ]
    report.ready(" ".join(map(str, facts)))
    signal.pause()


OPTIONS = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)


def main() -> int:
    names = [word for word in sys.argv[2:] if "=" not in word]
    grace_s = float(OPTIONS.get("grace_s", "10"))
    units = []
    for name in names:
        kind, _, stage = name.partition(":")
        units.append(Unit(name.replace(":", ""), globals()[kind.rstrip("0123456789")], grace_s, int(stage or 0)))
    supervisor = Supervisor(
        units,
        data_dir=Path(sys.argv[1]),
        on_all_ready=lambda _: say_line("all ready"),
        start_s=float(OPTIONS.get("start_s", "60")),
        make_backoff=lambda: Backoff(first_s=float(OPTIONS.get("first_s", "0.02"))),
    )
    try:
        return supervisor.run()
    except AlreadyRunning as error:
        say_line(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
