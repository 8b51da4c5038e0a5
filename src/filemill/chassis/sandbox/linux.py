"""The few raw Linux calls that Python has no wrapper for: prctl, capset, close_range, Landlock and seccomp by number.

For: the other files of this room, which say what to ask; this one only asks.
Not for: deciding anything. On failure: every function raises OSError with the errno of the kernel.
"""

import ctypes
import functools
import os
import platform
import sys

IS_LINUX = sys.platform == "linux"

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2

CAP_DAC_READ_SEARCH = 2
SECBIT_NOROOT = 1 << 0  # user id 0 gives no capabilities at exec
SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h: two 32 bit words per set

_CALL_NUMBERS = {
    "x86_64": {"capset": 126, "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446},
    "aarch64": {"capset": 91, "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446},
}

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@functools.cache
def machine() -> str:
    """Return the name of the processor family as the kernel says it (`x86_64`, `aarch64`)."""
    return platform.machine()


def prctl(option: int, argument: int = 0, second: int = 0) -> None:
    """Call prctl(2) with plain numbers; a pointer goes in as its address."""
    result = _libc.prctl(
        ctypes.c_int(option),
        ctypes.c_ulong(argument),
        ctypes.c_ulong(second),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )
    _check(result)


def call(name: str, *arguments: int | ctypes.c_void_p) -> int:
    """Make the named system call of `_CALL_NUMBERS` and return its result."""
    numbers = _CALL_NUMBERS.get(machine())
    if numbers is None:
        raise OSError(38, f"no system call numbers for {machine()}")
    words = [a if isinstance(a, ctypes.c_void_p) else ctypes.c_long(a) for a in arguments]
    return _check(_libc.syscall(ctypes.c_long(numbers[name]), *words))


def set_capabilities(*kept: int) -> None:
    """Leave this process, and the programs it starts, with only the capabilities named by number (all below 32)."""
    mask = sum(1 << number for number in kept)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    data = (_CapabilityData * 2)(_CapabilityData(mask, mask, mask), _CapabilityData(0, 0, 0))
    call("capset", address_of(header), address_of(data))
    for number in kept:
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number)


def address_of(thing: "ctypes.Structure | ctypes.Array[_CapabilityData]") -> ctypes.c_void_p:
    """Return the address of a ctypes structure; the caller keeps the structure alive."""
    return ctypes.c_void_p(ctypes.addressof(thing))


def give_back_memory() -> None:
    """Return freed memory to the system, where the C library can (glibc): a fork copies what is left of it."""
    if IS_LINUX and hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(ctypes.c_size_t(0))


def thread_count() -> int:
    """Return the number of threads of this process, those started by C libraries too."""
    return len(os.listdir("/proc/self/task")) if IS_LINUX else 1  # noqa: PTH208  one system call in the hot path


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
