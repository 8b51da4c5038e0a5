"""The zygote: a single-threaded process, started by exec beside a worker, that imports once and forks per file.

For: forking a confined child on request, watching its wall clock, killing its group, telling how it ended.
Not for: running a parser itself, or reading what a child says (that goes past it, to the client).
On failure: when the client is gone (end of file, SIGTERM) it kills every child and exits; when it is killed itself,
the kernel kills the children (PR_SET_PDEATHSIG) and the client starts another.
"""

import argparse
import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filemill.chassis.sandbox import child, confine, groups, identity, linux, stderr_file
from filemill.chassis.sandbox.messages import ControlReader, Message, encode
from filemill.chassis.sandbox.outcome import Limits
from filemill.chassis.sandbox.spare import Spare, Spares

# How often the memory of a child with helper programs is added up (a limit per process cannot see the sum).
_GROUP_CHECK_S = 0.25
_DRAIN_S = 1.0


@dataclass
class _Running:
    run_id: int
    job: child.Job
    deadline: float
    killed_for: str | None = None


class Zygote:
    """The loop: control messages, ended children, deadlines."""

    def __init__(self, control: socket.socket, entry: child.Entry, walls: confine.Walls, *, ahead: bool) -> None:
        self._control = control
        self._reader = ControlReader(control)
        self._entry = entry
        self._walls = walls
        self._spares = Spares(self._fork, ahead=ahead)
        self._running: dict[int, _Running] = {}
        self._emptying: dict[int, int | None] = {}  # group -> user id to give back once the group is empty
        self._uid_block = identity.UidBlock() if walls.own_user else None
        self._free_uids = self._uid_block.uids if self._uid_block else []
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_receiver.setblocking(False)
        self._wake_sender.setblocking(False)
        self._stopping = False

    def serve(self) -> None:
        """Work until the client is gone or SIGTERM comes."""
        signal.set_wakeup_fd(self._wake_sender.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        poll = select.poll()
        for ready in (self._control, self._wake_receiver):
            poll.register(ready, select.POLLIN)
        while not self._stopping and not self._reader.closed:
            for fd, _ in poll.poll(self._wait_ms()):
                if fd == self._control.fileno():
                    self._take_messages()
                else:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_receiver.recv(4096)
            self._spares.keep(busy=bool(self._running))
            self._reap()
            self._enforce()
        self._end_all()

    def _stop(self, *_: Any) -> None:
        self._stopping = True

    def _take_messages(self) -> None:
        try:
            messages = self._reader.receive()
        except ConnectionResetError:
            self._stopping = True
            return
        for message in messages:
            if message["op"] == "run":
                self._start(message, self._reader.take_fd())
            else:
                self._kill_run(message["id"])

    def _start(self, message: Message, channel_fd: int) -> None:
        work_dir = Path(message["work_dir"])
        uid = self._free_uids.pop(0) if self._walls.own_user and self._free_uids else None
        job = child.Job(
            source=Path(message["source"]),
            work_dir=work_dir,
            limits=Limits(**message["limits"]),
            uid=uid,
            channel_fd=channel_fd,
            stderr_fd=stderr_file.create(),
        )
        if uid is not None:
            identity.hand_over(work_dir, uid)
        pid = self._spares.hand_over(job)
        os.close(channel_fd)
        self._running[pid] = _Running(message["id"], job, time.monotonic() + job.limits.wall_s)
        self._tell({"op": "started", "id": message["id"], "pid": pid})

    def _fork(self) -> Spare:
        others = [self._control.fileno(), self._wake_receiver.fileno(), self._wake_sender.fileno()]
        others += [running.job.stderr_fd for running in self._running.values()]
        own_pid = os.getpid()
        return Spare(lambda wait: child.run(self._entry, wait, self._walls, zygote_pid=own_pid), others)

    def _kill_run(self, run_id: int) -> None:
        for pid, running in self._running.items():
            if running.run_id == run_id:
                self._kill(pid, running, "cancelled")

    def _kill(self, pid: int, running: _Running, why: str) -> None:
        running.killed_for = running.killed_for or why
        groups.kill(pid)
        # Between fork and setsid the child has no group of its own yet.
        os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for pid in list(self._running):
            collected = groups.collect(pid)
            if collected is None:
                continue
            status, usage = collected
            running = self._running.pop(pid)
            job = running.job
            self._emptying[pid] = job.uid
            if job.uid is not None:
                with contextlib.suppress(OSError):  # the client may already have removed the folder
                    os.chown(job.work_dir, os.geteuid(), os.getegid())
            ended = {"op": "ended", "id": running.run_id, "status": status, "killed_for": running.killed_for}
            ended["peak_rss_bytes"] = usage.ru_maxrss * (1024 if linux.IS_LINUX else 1)
            ended["cpu_s"] = usage.ru_utime + usage.ru_stime
            ended["stderr"] = stderr_file.take(job.stderr_fd)
            self._tell(ended)
        for group in [group for group in self._emptying if groups.reap_members(group)]:
            uid = self._emptying.pop(group)
            if uid is not None:
                self._free_uids.append(uid)

    def _enforce(self) -> None:
        now = time.monotonic()
        for pid, running in self._running.items():
            limits = running.job.limits
            if now >= running.deadline:
                self._kill(pid, running, "wall-limit")
            elif limits.processes and groups.resident_bytes(pid) > limits.memory_bytes + self._walls.base_bytes:
                self._kill(pid, running, "out-of-memory")

    def _wait_ms(self) -> float | None:
        if not self._running:
            return None
        nearest = min(running.deadline for running in self._running.values()) - time.monotonic()
        if any(running.job.limits.processes for running in self._running.values()):
            nearest = min(nearest, _GROUP_CHECK_S)
        return max(nearest, 0.001) * 1000

    def _tell(self, message: Message) -> None:
        try:
            self._control.sendall(encode(message))
        except (BrokenPipeError, ConnectionResetError):
            self._stopping = True  # nobody is left to tell

    def _end_all(self) -> None:
        give_up_at = time.monotonic() + _DRAIN_S
        self._spares.end()
        for pid, running in self._running.items():
            self._kill(pid, running, "cancelled")
        while self._running and time.monotonic() < give_up_at:
            select.select([self._wake_receiver], [], [], 0.05)
            self._reap()


def import_all(preload: list[str], lazy: list[str]) -> list[str]:
    """Import what children will need; start over (exec) without a module that starts threads: fork and threads do not
    mix."""
    for module in preload:
        if module in lazy:
            continue
        importlib.import_module(module)
        if linux.thread_count() > 1:
            os.execv(sys.executable, [*sys.orig_argv, "--lazy", module])  # noqa: S606  our own command line
    return lazy


def load_entry(name: str) -> child.Entry:
    """Return the function named `module:function`."""
    module, _, function = name.partition(":")
    entry: child.Entry = getattr(importlib.import_module(module), function)
    return entry


def main() -> None:
    """Start as `python -m filemill.chassis.sandbox.zygote`; only `client.py` calls this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entry", required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--parent-pid", type=int, required=True)
    parser.add_argument("--preload", action="append", default=[])
    parser.add_argument("--lazy", action="append", default=[])
    parser.add_argument("--ahead", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the client's to handle; it then closes the socket
    os.set_inheritable(options.control_fd, True)  # until the imports are done, so that `import_all` can start over
    control = socket.socket(fileno=options.control_fd)
    if linux.IS_LINUX:
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != options.parent_pid:
            return
    try:
        lazy = import_all(options.preload, options.lazy)
        entry = load_entry(options.entry)
        os.set_inheritable(options.control_fd, False)
        gc.collect()
        linux.give_back_memory()
        gc.freeze()  # children then share these pages instead of copying them at their first collection
        walls = confine.survey()
        level = confine.try_out(walls, options.scratch)
    except Exception as error:  # noqa: BLE001  told to the client, which raises it
        control.sendall(encode({"op": "failed", "detail": f"{type(error).__name__}: {error}"}))
        return
    ready = {
        "op": "ready",
        "level": level.name,
        "missing": level.missing,
        "lazy": lazy,
        "threads": linux.thread_count(),
    }
    control.sendall(encode(ready))
    Zygote(control, entry, walls, ahead=options.ahead).serve()


if __name__ == "__main__":
    main()
