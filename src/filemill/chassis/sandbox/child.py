"""The forked child: wait for its job, put up the walls, run the entry for each question, answer, exit.

A run asks once; a conversation (`session`) goes on until one side ends it, and what the entry keeps in memory stays.

Not for: anything after the answer; the zygote watches the clock and the client judges. On failure: an exception of
the entry becomes an answer with its code; whatever happens before the walls stand ends the process without running
the entry.
"""

import contextlib
import errno
import fcntl
import json
import os
import signal
import socket
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from filemill.chassis.sandbox import confine
from filemill.chassis.sandbox.outcome import Limits
from filemill.chassis.telemetry import request_context

Report = Callable[[dict[str, Any]], None]
# function(request, work_dir, source, report) -> result; report sends a progress message at once.
Entry = Callable[[dict[str, Any], Path, Path, Report], dict[str, Any]]

TRACEPARENT = "TRACEPARENT"
"""Under this name a program that the entry starts finds the trace (as OpenTelemetry's command-line tools have it)."""
_EXIT_NOT_CONFINED = 70  # EX_SOFTWARE of sysexits.h
_ALL_FDS = 1 << 20


@dataclass(frozen=True)
class Job:
    """What the zygote hands to the child it forks."""

    source: Path
    work_dir: Path
    limits: Limits
    uid: int | None
    channel_fd: int
    stderr_fd: int


def run(entry: Entry, wait_for_job: Callable[[], Job | None], walls: confine.Walls, *, zygote_pid: int) -> NoReturn:
    """Run the entry for one file, or one conversation, in this just forked process and exit."""
    status = _EXIT_NOT_CONFINED
    try:
        os.setsid()
        _reset_signals()
        ready = confine.get_ready(walls, parent_pid=zygote_pid)
        job = wait_for_job()
        if job is None:
            os._exit(0)
        channel = _rearrange(job)
        confine.confine(
            walls, job.limits, ready, source=job.source, work_dir=job.work_dir, uid=job.uid, parent_pid=zygote_pid
        )
        os.closerange(3, channel)
        os.closerange(channel + 1, _ALL_FDS)
        _settle(job.work_dir)
        with socket.socket(fileno=channel) as connection:
            _converse(entry, job, connection)
        status = 0
    finally:
        with contextlib.suppress(Exception):  # the reason is for the zygote's log; there is nobody left to raise to
            if status:
                traceback.print_exc()
        os._exit(status)


def _converse(entry: Entry, job: Job, connection: socket.socket) -> None:
    """Answer each line until there is no more, or until an answer says that this process is spent."""
    with connection.makefile("rb") as reader:
        while line := reader.readline():
            answer, spent = _answer(entry, job, connection, line)
            connection.sendall(answer)
            if spent:
                return


def _answer(entry: Entry, job: Job, connection: socket.socket, line: bytes) -> tuple[bytes, bool]:
    def report(progress: dict[str, Any]) -> None:
        connection.sendall(_line({"progress": progress}))

    try:
        asked = json.loads(line)
        context = request_context.begin(asked.get("request_id"), asked.get("traceparent"))
        os.environ[TRACEPARENT] = context.traceparent
        with request_context.within(context):
            return _line({"result": entry(asked["request"], job.work_dir, job.source, report)}), False
    except MemoryError:
        return _line({"stopped": "out-of-memory"}), True
    except Exception as error:  # noqa: BLE001  the answer says what it was
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            return _line({"stopped": "output-too-large"}), True
        return _line({"error": _describe(error)}), False


def _describe(error: Exception) -> dict[str, str]:
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return {"code": code, "detail": str(getattr(error, "detail", error))}
    # The message of an unexpected exception may quote the file; its type and place never do.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return {
        "code": "internal-error",
        "detail": f"The work on this file failed unexpectedly ({type(error).__name__} at {place}).",
    }


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, allow_nan=False).encode() + b"\n"


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGXFSZ, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)


def _rearrange(job: Job) -> int:
    """Leave 0 to 2 harmless and return the lowest free copy of the channel: new descriptors must fit under NOFILE."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(job.stderr_fd, 2)
    os.close(nothing)
    os.close(job.stderr_fd)
    channel = fcntl.fcntl(job.channel_fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(job.channel_fd)
    return channel


def _settle(work_dir: Path) -> None:
    os.umask(0o077)
    os.chdir(work_dir)
    os.environ["HOME"] = os.environ["TMPDIR"] = os.environ["XDG_CACHE_HOME"] = str(work_dir)
    tempfile.tempdir = None
