"""How much a child may use: the kernel's resource limits, set once after the fork.

Not for: wall time (the zygote's clock) and what is allowed at all (landlock.py, seccomp.py). On failure: OSError,
ValueError.
"""

import contextlib
import os
import resource
from pathlib import Path

from filemill.chassis.sandbox import linux
from filemill.chassis.sandbox.outcome import Limits

# A helper program may have threads of its own, and threads count as processes for the kernel.
_THREADS_PER_PROCESS = 32
_THREADS_OF_OWN = 64


def mapped_bytes() -> int:
    """Return how much address space this process has mapped (the zygote: its libraries)."""
    if not linux.IS_LINUX:
        return 0
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def processes_of_user() -> int:
    """Return how many threads run under this process's user id: RLIMIT_NPROC counts per user, not per child."""
    count = 0
    own = os.getuid()
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):  # the process ended while we looked
            if entry.name.isdigit() and entry.stat().st_uid == own:
                count += len(os.listdir(f"{entry.path}/task"))  # noqa: PTH208
    return count


def apply(limits: Limits, *, base_bytes: int, other_processes: int, count_processes: bool) -> None:
    """Set the limits; `base_bytes` is what was mapped before, `other_processes` what the user already runs."""
    cpu_s = max(1, limits.cpu_s)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, limits.file_bytes)
    _set(resource.RLIMIT_NOFILE, limits.open_files)
    # The soft limit sends SIGXCPU, which says what happened; the hard one, a second later, cannot be ignored.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    if count_processes:
        _set(resource.RLIMIT_NPROC, other_processes + _THREADS_OF_OWN + limits.processes * _THREADS_PER_PROCESS)
    if linux.IS_LINUX:  # other systems refuse or ignore a limit on address space
        _set(resource.RLIMIT_AS, base_bytes + limits.memory_bytes)


def _set(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
