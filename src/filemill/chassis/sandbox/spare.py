"""A child that is forked before its file comes, so that the file does not wait for the fork. It takes one job, then it is done.

Until then it has read nothing but its zygote's word and knows no file; every wall that depends on the job is put up when
it comes, before a byte of the file is read. Not for: deciding when to fork one (zygote.py). On failure: one that is gone
before it got its job says so by `give`; when the zygote goes, the kernel kills it or it reads the end of its line.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from filemill.chassis.sandbox import groups
from filemill.chassis.sandbox.child import Job
from filemill.chassis.sandbox.outcome import Limits

# Two paths and a few numbers.
_JOB_MAX_BYTES = 65536
_JOB_FDS = 2


class Spare:
    """The zygote's end of a child that waits."""

    def __init__(self, run: Callable[[Callable[[], Job | None]], NoReturn], close_fds: Iterable[int]) -> None:
        """Fork it: `run` is what the child does, with a function that waits for its job."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            for fd in close_fds:
                os.close(fd)
            run(lambda: _receive(theirs))
        theirs.close()
        self._line = ours

    def give(self, job: Job) -> bool:
        """Hand over the job; False if the child is gone."""
        message: dict[str, Any] = {
            "source": str(job.source), "work_dir": str(job.work_dir), "limits": vars(job.limits), "uid": job.uid,
        }  # fmt: skip
        with self._line:
            try:
                socket.send_fds(self._line, [json.dumps(message).encode()], [job.channel_fd, job.stderr_fd])
            except (BrokenPipeError, ConnectionResetError):
                return False
        return True

    def is_gone(self) -> bool:
        """Whether it ended without a job; then it is collected."""
        return os.waitpid(self.pid, os.WNOHANG)[0] != 0

    def end(self) -> None:
        """Kill it and wait for it."""
        self._line.close()
        groups.kill(self.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 9)  # it may not lead a group of its own yet
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class Spares:
    """Hands each job to a child of its own: the one that waits, where children are forked ahead, else a new one."""

    def __init__(self, fork: Callable[[], Spare], *, ahead: bool) -> None:
        self._fork = fork
        self._ahead = ahead
        self._waiting: Spare | None = None

    def hand_over(self, job: Job) -> int:
        """Return the process id of the child that has the job now."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            if waiting.give(job):
                return waiting.pid
            waiting.end()
        new = self._fork()
        new.give(job)  # if it is gone already, its end is told like any other
        return new.pid

    def keep(self, *, busy: bool) -> None:
        """See that one waits while there is work: a sandbox that was never used holds none, and a dead one is collected."""
        if self._waiting is not None and self._waiting.is_gone():
            self._waiting = None
        elif self._waiting is None and self._ahead and busy:
            self._waiting = self._fork()

    def end(self) -> None:
        """End the one that waits."""
        if self._waiting is not None:
            self._waiting.end()


def _receive(line: socket.socket) -> Job | None:
    """Wait for the job; None when the zygote is gone."""
    with line:
        message, fds, _, _ = socket.recv_fds(line, _JOB_MAX_BYTES, _JOB_FDS)
    if not message:
        return None
    said = json.loads(message)
    channel_fd, stderr_fd = fds
    return Job(
        Path(said["source"]), Path(said["work_dir"]), Limits(**said["limits"]), said["uid"], channel_fd, stderr_fd
    )
