"""The file wall: Landlock rules that leave a child its libraries, its source file and its own work folder.

Not for: the network (seccomp.py does that on every kernel; where Landlock knows TCP we close it here as well).
On failure: OSError. A kernel without Landlock answers `abi() == 0`, and the level says `files` is missing.
Facts: https://docs.kernel.org/userspace-api/landlock.html (ABI 1 = Linux 5.13 ... ABI 6 = Linux 6.12).
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from filemill.chassis.sandbox import linux

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
# The first ABI has rights 0 to 12; each entry is (ABI, number of rights known from then on).
_RIGHTS_BY_ABI = ((1, 13), (2, 14), (3, 15), (5, 16))

_READ = _EXECUTE | _READ_FILE | _READ_DIR
# No right to make links, sockets, pipes or devices: what the child leaves is plain files and folders.
_WORK = _READ_FILE | _READ_DIR | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

_NET_ALL = (1 << 0) | (1 << 1)  # bind and connect TCP, from ABI 4
_SCOPE_ALL = (1 << 0) | (1 << 1)  # abstract Unix sockets and signals, from ABI 6
_RULE_PATH_BENEATH = 1
_CREATE_RULESET_VERSION = 1

# What C libraries and Python read at run time. Nothing below /proc: it would show other processes.
SYSTEM_PATHS = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/fonts",
    "/etc/mime.types",
    "/etc/magic",
    "/etc/libreoffice",
    "/var/lib/libreoffice",
    "/var/spool/libreoffice",
    "/var/cache/fontconfig",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
)


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class PathBeneath(ctypes.Structure):
    """A rule: these rights on a file, or on a folder and all below it."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Return the Landlock version of the running kernel, 0 where there is none."""
    if not linux.IS_LINUX:
        return 0
    try:
        return linux.call("landlock_create_ruleset", 0, 0, _CREATE_RULESET_VERSION)
    except OSError:
        return 0  # ENOSYS: not built in; EOPNOTSUPP: switched off at boot. Both mean "no wall here"


def open_readable(extra: Iterable[str], *, version: int) -> list[PathBeneath]:
    """Open (O_PATH) what every child may read, once, so that each costs a child one system call: its rules, ready to add.

    The caller keeps them, and so their descriptors, for its life time. Missing paths are left out, and so are those below
    another one: most of `sys.path` lies below the interpreter's prefix.
    """
    rules: list[PathBeneath] = []
    for path in _outermost((*SYSTEM_PATHS, *extra)):
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # this system has no such folder; nothing to allow
        rules.append(_rule(fd, _READ & _handled(version)))
    return rules


def _outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths, links resolved, without those that lie below another."""
    real = sorted({os.path.realpath(path) for path in paths})
    kept: list[str] = []
    for path in real:  # in this order a folder comes before what is below it, with other names in between
        if not any(path.startswith(f"{outer}/") for outer in kept):
            kept.append(path)
    return kept


def python_paths() -> list[str]:
    """Return the folders this interpreter imports from: its prefixes and each entry of sys.path."""
    places = (sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path)
    return [p for p in places if p and Path(p).is_absolute() and p != "/"]


def begin(*, version: int, readable: Iterable[PathBeneath]) -> int:
    """Return a descriptor of rules that give `readable`; nothing is confined yet. `version` is `abi()`, asked once."""
    handled = _handled(version)
    attributes = _RulesetAttributes(handled, _NET_ALL if version >= 4 else 0, _SCOPE_ALL if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = linux.call("landlock_create_ruleset", linux.address_of(attributes), size, 0)
    for rule in readable:
        _allow(ruleset, rule)
    return ruleset


def restrict(ruleset: int, *, version: int, source: Path, work_dir: Path) -> None:
    """Confine this process for good: read what `begin` gave and `source`, write in `work_dir`, nothing else.

    no_new_privs must already be set; the rules' descriptor is closed.
    """
    handled = _handled(version)
    for path, rights in ((source, _READ_FILE), (work_dir, _WORK), (Path("/dev/null"), _READ_FILE | _WRITE_FILE)):
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        _allow(ruleset, _rule(fd, rights & handled))
        os.close(fd)
    linux.call("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)


def _handled(version: int) -> int:
    """The rights that a version of Landlock knows: whatever no rule gives is refused."""
    return (1 << max(count for since, count in _RIGHTS_BY_ABI if version >= since)) - 1


def _rule(fd: int, rights: int) -> PathBeneath:
    # A rule on a single file must not carry rights that only mean something for folders.
    is_folder = (os.fstat(fd).st_mode & 0o170000) == 0o040000
    return PathBeneath(rights if is_folder else rights & _FILE_RIGHTS, fd)


def _allow(ruleset: int, rule: PathBeneath) -> None:
    linux.call("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, linux.address_of(rule), 0)
