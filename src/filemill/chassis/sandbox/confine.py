"""Putting up every wall around the calling process, in the one order that works, and trying them out at start.

Order: limits, user id, death signal (a change of user id clears it), no_new_privs, Landlock, seccomp last (it refuses
what the steps before it need). Not for: forking and talking (zygote.py, child.py). On failure: OSError; the child
must not go on.
"""

import errno
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filemill.chassis.sandbox import identity, landlock, linux, rlimits, seccomp
from filemill.chassis.sandbox.outcome import Level, Limits

_SCOPED_SIGNALS_ABI = 6


@dataclass(frozen=True)
class Walls:
    """What this machine offers, asked once by the zygote and used for every child."""

    landlock_abi: int
    seccomp: bool
    own_user: bool
    readable: Sequence[landlock.PathBeneath]
    base_bytes: int
    # Filters ready to install, by "may start programs"; only where none needs the child's own process id.
    filters: Mapping[bool, bytes]


def survey() -> Walls:
    """Look at what this machine offers and open the folders each child may read."""
    abi = landlock.abi()
    ready = seccomp.supported() and abi >= _SCOPED_SIGNALS_ABI
    filters = {p: seccomp.build(own_pid=0, programs=p, signals_scoped=True) for p in (False, True)} if ready else {}
    return Walls(
        landlock_abi=abi,
        seccomp=seccomp.supported(),
        own_user=identity.is_root() and _can_change_user(),
        readable=landlock.open_readable(landlock.python_paths(), version=abi) if abi else (),
        base_bytes=rlimits.mapped_bytes(),
        filters=filters,
    )


def get_ready(walls: Walls, *, parent_pid: int) -> int:
    """Do what can be done before the job is known: die with the parent, open the rules for files (their descriptor)."""
    if linux.IS_LINUX:
        _die_with(parent_pid)
    return landlock.begin(version=walls.landlock_abi, readable=walls.readable) if walls.landlock_abi else -1


def confine(
    walls: Walls, limits: Limits, ready: int, *, source: Path, work_dir: Path, uid: int | None, parent_pid: int
) -> None:
    """Put up every wall there is around this process, for good; `ready` is what `get_ready` returned."""
    # Under a user id of its own a child counts only itself; a shared one needs the count of its neighbours. Without
    # helper programs the filter refuses fork, and threads are bounded by memory: no need to count.
    alone = uid is not None or limits.processes == 0
    others = 0 if alone else rlimits.processes_of_user()
    rlimits.apply(
        limits, base_bytes=walls.base_bytes, other_processes=others, count_processes=uid is not None or not alone
    )
    if not linux.IS_LINUX:
        return
    identity.become(uid, read_everything=walls.landlock_abi > 0)
    _die_with(parent_pid)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    if walls.landlock_abi:
        landlock.restrict(ready, version=walls.landlock_abi, source=source, work_dir=work_dir)
    if walls.seccomp:
        programs = limits.processes > 0
        built = walls.filters.get(programs)
        seccomp.install(built or seccomp.build(own_pid=os.getpid(), programs=programs, signals_scoped=False))


def _die_with(parent_pid: int) -> None:
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)  # the zygote died before the line above: nobody would ever stop us


def try_out(walls: Walls, scratch: Path) -> Level:
    """Fork one child, confine it, let it try what must fail, and return the level that really holds."""
    if not linux.IS_LINUX:
        return Level("none", ("network", "files", "system-calls"))
    outside = tempfile.mkdtemp(dir=scratch, prefix="probe-")
    inside = tempfile.mkdtemp(dir=scratch, prefix="probe-")
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        _report_and_exit(walls, Path(outside), Path(inside), sending)
    os.close(sending)
    with os.fdopen(receiving) as answers:
        missing = answers.read().split()
    os.waitpid(child, 0)
    for folder in (outside, inside):
        for left in Path(folder).iterdir():
            left.unlink()
        Path(folder).rmdir()
    if "confined" not in missing:
        return Level("none", ("network", "files", "system-calls"))
    missing.remove("confined")
    if identity.is_root() and not walls.own_user:
        missing.append("user")
    return Level("reduced", tuple(missing)) if missing else Level("full")


def _report_and_exit(walls: Walls, outside: Path, inside: Path, answers: int) -> None:
    found: list[str] = []
    try:
        parent = os.getppid()
        uid = identity.FIRST_UID + identity.BLOCKS * identity.BLOCK_UIDS if walls.own_user else None
        ready = get_ready(walls, parent_pid=parent)
        confine(walls, Limits(), ready, source=Path("/dev/null"), work_dir=inside, uid=uid, parent_pid=parent)
        found.append("confined")
        if not _fails(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)):
            found.append("network")
        if not walls.landlock_abi or not _fails(lambda: (outside / "x").write_text("x")):
            found.append("files")
        if not walls.seccomp:
            found.append("system-calls")
    finally:
        os.write(answers, " ".join(found).encode())
        os._exit(0)


def _fails(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as error:
        return error.errno in {errno.EACCES, errno.EPERM}
    return False


def _can_change_user() -> bool:
    child = os.fork()
    if child == 0:
        try:
            identity.become(identity.FIRST_UID, read_everything=False)
        except OSError:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status == 0
