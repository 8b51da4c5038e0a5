"""The system call wall: a BPF filter of ours, inherited through exec, with the network as its first purpose.

Sockets: only `socketpair(AF_UNIX, STREAM | SEQPACKET)`. A datagram pair could name another service's socket in
sendmsg, which a filter cannot see, so it is refused too, as are socket, connect, bind, listen, accept and sendto with
an address.
Not for: files (landlock.py), amounts (rlimits.py). On failure: OSError from the kernel; the child then never runs an
entry.
"""

import ctypes
import errno
import struct

from filemill.chassis.sandbox import linux, syscalls

# Refused outright. EACCES for the network, so that a library reports "not permitted"; EPERM for the rest.
_NETWORK = ("socket", "connect", "bind", "listen", "accept", "accept4")
_KERNEL = (
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    "pidfd_send_signal",
    "bpf",
    "kexec_load",
    "kexec_file_load",
    "mount",
    "umount2",
    "pivot_root",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "chroot",
    "unshare",
    "setns",
    "keyctl",
    "add_key",
    "request_key",
    "userfaultfd",
    "perf_event_open",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "syslog",
    "quotactl",
    "quotactl_fd",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "vhangup",
    "open_by_handle_at",
    "name_to_handle_at",
    "fanotify_init",
    "fanotify_mark",
    "personality",
    "modify_ldt",
    "uselib",
    "lookup_dcookie",
    "move_pages",
    "migrate_pages",
    "setsid",
    "setpgid",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "setfsuid",
    "setfsgid",
    "capset",
    "mknod",
    "mknodat",
    "setpriority",
    "ioprio_set",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
)
# Landlock does not cover a change of a file's mode, owner, times or attributes: a child running as the service's own
# user could otherwise lock that user out of its database.
_FILE_ATTRIBUTES = (
    "truncate",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
)
# Memory and channels that outlive the child or escape its limits.
_SHARED_MEMORY = (
    "memfd_secret",
    "shmget",
    "shmat",
    "shmctl",
    "semget",
    "semop",
    "semctl",
    "semtimedop",
    "msgget",
    "msgsnd",
    "msgrcv",
    "msgctl",
    "mq_open",
    "mq_unlink",
)
# Libraries try these first and have another way: "no such call" is the answer they understand.
_PRETEND_MISSING = ("io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "memfd_create")
# First argument is a process id: only 0, "myself", is allowed.
_ONLY_MYSELF = ("prlimit64", "sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity")

_CLONE_NEW_ANYTHING = 0x7E020080  # every CLONE_NEW* flag of clone(2)
_CLONE_PARENT = 0x00008000
_CLONE_THREAD = 0x00010000
_AF_UNIX, _SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE_MASK = 1, 1, 5, 0xF
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x35, 0x45
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NR_OFFSET, _ARCH_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16
_X32_BIT = 0x40000000
_SECCOMP_MODE_FILTER = 2

Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def supported() -> bool:
    """Return whether this machine is one the filter is written for."""
    return linux.IS_LINUX and linux.machine() in syscalls.FAMILIES


def install(program: bytes) -> None:
    """Put the filter on this process for good; no_new_privs must already be set."""
    buffer = ctypes.create_string_buffer(program, len(program))
    holder = _Program(len(program) // 8, ctypes.addressof(buffer))
    linux.prctl(linux.PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(holder))


def build(*, own_pid: int, programs: bool, signals_scoped: bool, machine: str | None = None) -> bytes:
    """Return the filter as bytes for `install`.

    `programs`: the child may start helper programs (fork and exec). `signals_scoped`: Landlock already keeps signals
    inside, so kill(2) needs no rule of ours; otherwise a signal may only go to `own_pid` or its own group.
    """
    family = syscalls.FAMILIES[machine or linux.machine()]
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_OFFSET),
        (_IF_EQUAL, 1, 0, family.audit_arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR_OFFSET),
    ]
    if family.has_x32:
        code += [(_IF_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    code += [(_IF_AT_LEAST, 0, 1, syscalls.FIRST_UNKNOWN), _refuse(errno.ENOSYS)]

    def rule(name: str, *body: Instruction) -> None:
        number = syscalls.number(name, family)
        if number is not None:
            code.extend([(_IF_EQUAL, 0, len(body), number), *body])

    for name in _NETWORK:
        rule(name, _refuse(errno.EACCES))
    for name in (*_KERNEL, *_FILE_ATTRIBUTES, *_SHARED_MEMORY):
        rule(name, _refuse(errno.EPERM))
    for name in _PRETEND_MISSING:
        rule(name, _refuse(errno.ENOSYS))
    for name in _ONLY_MYSELF:
        rule(name, _argument(0), (_IF_EQUAL, 1, 0, 0), _refuse(errno.EPERM), _allow())
    for name, body in _argument_rules(own_pid, programs=programs, signals_scoped=signals_scoped):
        rule(name, *body)
    code.append(_allow())
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _argument_rules(own_pid: int, *, programs: bool, signals_scoped: bool) -> list[tuple[str, list[Instruction]]]:
    no_network, no, none_left = _refuse(errno.EACCES), _refuse(errno.EPERM), _refuse(errno.EAGAIN)
    rules: list[tuple[str, list[Instruction]]] = [
        (
            "socketpair",
            [
                _argument(0),
                (_IF_EQUAL, 0, 4, _AF_UNIX),
                _argument(1),
                (_AND, 0, 0, _SOCK_TYPE_MASK),
                (_IF_EQUAL, 2, 0, _SOCK_STREAM),
                (_IF_EQUAL, 1, 0, _SOCK_SEQPACKET),  # SOCK_RAW would silently become a datagram socket
                no_network,
                _allow(),
            ],
        ),
        (
            "sendto",
            [
                _argument(4),
                (_IF_EQUAL, 0, 2, 0),
                _argument(4, high=True),
                (_IF_EQUAL, 1, 0, 0),
                no_network,
                _allow(),
            ],
        ),
        # The death signal ties us to the zygote: it may be set again to SIGKILL (for a helper program), never cleared.
        (
            "prctl",
            [
                _argument(0),
                (_IF_EQUAL, 0, 3, _PR_SET_PDEATHSIG),
                _argument(1),
                (_IF_EQUAL, 1, 0, _SIGKILL),
                no,
                _allow(),
            ],
        ),
    ]
    if programs:
        rules.append(("clone", [_argument(0), (_IF_ANY_BIT, 0, 1, _CLONE_NEW_ANYTHING | _CLONE_PARENT), no, _allow()]))
    else:
        threads_only = [_argument(0), (_IF_ANY_BIT, 1, 0, _CLONE_THREAD), none_left]
        rules.append(("clone", [*threads_only, (_IF_ANY_BIT, 0, 1, _CLONE_NEW_ANYTHING), no, _allow()]))
        rules += [(name, [none_left]) for name in ("fork", "vfork")]
        rules += [(name, [no]) for name in ("execve", "execveat")]
    if not signals_scoped:
        to_myself = [_argument(0), (_IF_EQUAL, 2, 0, own_pid), (_IF_EQUAL, 1, 0, 0), no, _allow()]
        rules += [(name, to_myself) for name in ("kill", "tgkill")]
        rules.append(("tkill", [no]))
    return rules


def _argument(position: int, *, high: bool = False) -> Instruction:
    # Both families are little-endian: the low half of a 64 bit argument comes first.
    return (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * position + (4 if high else 0))


def _refuse(number: int) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | number)


def _allow() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)
