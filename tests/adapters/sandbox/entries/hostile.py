"""What a parser that a hostile file has taken over might try; each returns what it got, or raises what stopped it."""

# ruff: noqa: PTH101, PTH108, PTH208, PTH211, SIM105  raw calls are the point here

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from filemill.chassis.sandbox import EntryError
from filemill.chassis.sandbox.programs import run_program
from filemill.chassis.telemetry import request_context


def attempt(request, work_dir, source, report):
    """Do what the request names."""
    return {"got": ATTEMPTS[request["name"]](request, work_dir, source, report)}


def _errno(function):
    """Return the name of the error a call ends with, or `allowed`."""
    try:
        function()
    except OSError as error:
        return type(error).__name__
    return "allowed"


def network(request, *_):
    kinds = {
        "tcp": lambda: socket.create_connection(("127.0.0.1", request["port"]), timeout=2),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", request["port"])),
        "tcp6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM),
        "udp6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "vsock": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
        "dns": lambda: socket.getaddrinfo("localhost.example", 80),
        "unix": lambda: socket.socket(socket.AF_UNIX).connect(request["path"]),
        "unix-abstract": lambda: socket.socket(socket.AF_UNIX).connect(request["abstract"]),
        "unix-datagram-pair": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
        "unix-raw-pair": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_RAW),
    }
    return _errno(kinds[request["kind"]])


def socket_pair(*_):
    left, right = socket.socketpair()
    left.sendall(b"hello")
    return right.recv(5).decode()


def inherited_socket_with_address(request, *_):
    left, _ = socket.socketpair()
    return _errno(lambda: left.sendto(b"x", request["path"]))


def from_a_program(request, work_dir, *_):
    code = f"import socket; socket.create_connection(('127.0.0.1', {request['port']}), timeout=2)"
    status, _, said = run_program([sys.executable, "-c", code], work_dir=work_dir, timeout_s=5)
    return [status, said.decode()]


def read(request, *_):
    return Path(request["path"]).read_bytes()[:20].decode("latin-1")


def list_folder(request, *_):
    return os.listdir(request["path"])


def write(request, *_):
    Path(request["path"]).write_text("owned")


def write_source(_, work_dir, source, __):
    source.write_text("owned")


def attributes(request, work_dir, *_):
    path = request["path"]
    return {
        "chmod": _errno(lambda: os.chmod(path, 0)),
        "chown": _errno(lambda: os.chown(path, os.getuid(), -1)),
        "utime": _errno(lambda: os.utime(path, (0, 0))),
        "truncate": _errno(lambda: os.truncate(path, 0)),
        "unlink": _errno(lambda: os.unlink(path)),
        "link": _errno(lambda: os.link(path, work_dir / "link")),
        "symlink": _errno(lambda: os.symlink(path, work_dir / "symlink")),
        "fifo": _errno(lambda: os.mkfifo(work_dir / "fifo")),
        "setxattr": _errno(lambda: os.setxattr(path, "user.x", b"x")),
    }


def read_source(_, __, source, ___):
    return source.read_text()


def private_source(_, __, source, ___):
    return [os.access(source, os.R_OK), source.read_text()]


def private_source_by_program(_, work_dir, source, ___):
    status, said, _ = run_program(["/bin/cat", str(source)], work_dir=work_dir, timeout_s=5)
    return [status, said.decode()]


def overwrite(request, work_dir, *_):
    (work_dir / "left").write_text(request["text"])


def work(_, work_dir, *__):
    (work_dir / "folder").mkdir()
    (work_dir / "folder" / "a").write_text("a")
    (work_dir / "folder" / "a").rename(work_dir / "b")
    return sorted(os.listdir(work_dir))


def environment(*_):
    return [
        *os.environ,
        Path("/proc/self/environ").exists() and _errno(lambda: Path("/proc/self/environ").read_bytes()),
    ]


def whose_request(*_):
    """For whose request the child works, as it knows."""
    context = request_context.current()
    return [context.request_id, context.traceparent]


def whose(_, work_dir, *__):
    """The same, and as a program it starts finds."""
    code = "import os; print(os.environ['TRACEPARENT'])"
    _, out, _ = run_program([sys.executable, "-I", "-S", "-c", code], work_dir=work_dir, timeout_s=20)
    return [*whose_request(), out.decode().strip()]


def descriptors(*_):
    found = []
    for fd in range(1024):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found.append(fd)
    return found


def status(*_):
    return {"uid": os.getuid(), "session": os.getsid(0) == os.getpid(), "nofile_left": _can_open()}


def _can_open():
    opened = []
    try:
        while len(opened) < 200:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    count = len(opened)
    for fd in opened:
        os.close(fd)
    return count


def signals(request, *_):
    return {
        "parent": _errno(lambda: os.kill(os.getppid(), signal.SIGKILL)),
        "client": _errno(lambda: os.kill(request["client"], signal.SIGTERM)),
        "init": _errno(lambda: os.kill(1, signal.SIGCONT)),
    }


def calls(*_):
    """Raw system calls by number (x86_64): each must be refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = {
        "ptrace": 101,
        "process_vm_readv": 310,
        "io_uring_setup": 425,
        "bpf": 321,
        "unshare": 272,
        "mount": 165,
        "keyctl": 250,
        "userfaultfd": 323,
        "perf_event_open": 298,
        "setsid": 112,
        "clone3": 435,
        "pidfd_getfd": 438,
        "open_by_handle_at": 304,
        "memfd_create": 319,
        "shmget": 29,
        "personality": 135,
        "prlimit_of_parent": 302,
        "unknown": 600,
    }
    found = {}
    for name, number in numbers.items():
        first = os.getppid() if name == "prlimit_of_parent" else 0
        result = libc.syscall(number, first, 0, 0, 0, 0)
        found[name] = os.strerror(ctypes.get_errno()) if result < 0 else "allowed"
    return found


def new_namespace(*_):
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)  # clone(CLONE_NEWUSER | SIGCHLD)


def clear_death_signal(*_):
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(1, 0, 0, 0, 0)


def memory(*_):
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def native_memory(*_):
    os.write(2, b"memory allocation of 123456 bytes failed")
    os.abort()


def fork_bomb(*_):
    started = 0
    while True:
        try:
            if os.fork() == 0:
                time.sleep(60)
        except OSError:
            return started
        started += 1


def endless_fork_bomb(*_):
    while True:
        try:
            os.fork()
        except OSError:
            pass


def group_memory(*_):
    for _ in range(4):
        if os.fork() == 0:
            break
    _kept = bytearray(os.urandom(1 << 20)) * 60
    time.sleep(60)


def thread_bomb(*_):
    started = 0
    try:
        while True:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            started += 1
    except (RuntimeError, MemoryError):
        return started


def spin(*_):
    while True:
        pass


def hang(*_):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(600)


def spin_ignoring(*_):
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def hang_with_children(_, work_dir, __, report):
    process = subprocess.Popen(["/bin/sleep", "600"])
    report({"pid": process.pid, "own_pid": os.getpid()})
    time.sleep(600)


def leave_children(*_):
    return subprocess.Popen(["/bin/sleep", "600"]).pid


def big_file(_, work_dir, *__):
    with (work_dir / "big").open("wb") as file:
        while True:
            file.write(bytes(1 << 20))


def big_file_ignoring(_, work_dir, *__):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    big_file(_, work_dir)


def big_result(*_):
    return "x" * (32 << 20)


def endless_progress(_, __, ___, report):
    while True:
        report({"x": "y" * 10000})


def forged_lines(*_):
    for fd in range(3, 10):
        try:
            os.write(fd, b"this is not json\n[1]\n" + b"[" * 100000 + b"\n")
        except OSError:
            continue
    return "survived"


def noisy_stderr(*_):
    for _ in range(1000):
        try:
            os.write(2, b"x" * 1000)
        except OSError:
            return "stopped"
    return "endless"


def progress(_, __, ___, report):
    for step in range(3):
        report({"step": step})
    return "done"


def segfault(*_):
    ctypes.string_at(0)


def exit_quietly(*_):
    os._exit(0)


def exit_loudly(*_):
    os._exit(3)


def coded_error(*_):
    raise EntryError("unreadable-image", "The picture could not be decoded.")


def plain_error(*_):
    raise ValueError("the secret content of the file")


def not_json(*_):
    return {1, 2}


def nothing(*_):
    return "nothing"


_ASKED = []


def remember(*_):
    _ASKED.append(1)
    return {"count": len(_ASKED), "pid": os.getpid()}


def break_down(*_):
    raise RuntimeError("a bug")


def read_file(request, *_):
    try:
        return Path(request["path"]).read_text()
    except OSError as error:
        return type(error).__name__


ATTEMPTS = {name: value for name, value in list(globals().items()) if callable(value) and not name.startswith("_")}
