"""Where a service is reached: a TCP port and, for the local gateway, a Unix socket; and how they stop taking connections.

A listener that is closed resets what the kernel has accepted for it and nobody has taken yet; a request may lie in there.
So it is shut to newcomers first (`shut`), what waits is taken, and then it is closed: whoever comes after is refused, which
every proxy may answer by going elsewhere, whatever the method. For the same reason a port refuses until the service is ready
(`bind`): whoever is taken in by the kernel alone waits for as long as a start takes. Source: the kernel drops what a listener's
filter drops.
On failure: `StartError` names a taken port and how to choose another.
"""

import contextlib
import ctypes
import errno
import socket
import struct
from pathlib import Path

import structlog

from filemill.chassis.durable_folder import make_durable
from filemill.chassis.errors import StartError

BACKLOG = 2048
ANSWER_S = 1.0
SO_ATTACH_FILTER = 26
"""Linux, asm-generic/socket.h; Python has no name for it."""

# A filter in the language of tcpdump, over a TCP segment: drop a first segment (SYN without ACK), let every other pass.
_FLAGS_OFFSET, _SYN, _SYN_OR_ACK, _PASS_BYTES = 13, 0x02, 0x12, 0xFFFFFFFF
_NO_NEWCOMERS = (
    (0x30, 0, 0, _FLAGS_OFFSET),  # load that byte
    (0x54, 0, 0, _SYN_OR_ACK),  # keep the two flags
    (0x15, 0, 1, _SYN),  # only SYN? else skip one
    (0x06, 0, 0, 0),
    (0x06, 0, 0, _PASS_BYTES),
)
_log = structlog.get_logger()


class _UnixListener(socket.socket):
    """Knows which file at its path is its own."""

    inode: int


def bind(host: str, port: int, service: str) -> socket.socket:
    """A TCP socket that has its port and does not listen yet. Raises `StartError`: a taken port, and how to choose another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise taken(service, port) from error
        raise StartError(f"{service}: cannot listen on {host}:{port}: {error.strerror}") from error
    listener.set_inheritable(False)
    return listener


def taken(service: str, port: int) -> StartError:
    """Somebody else listens there."""
    return StartError(f"{service}: port {port} is taken; stop what uses it, or set FILEMILL_{service.upper()}_PORT")


def bind_unix(path: Path) -> socket.socket | None:
    """A Unix socket that only this user can reach; None where a living process has it. It listens at once.

    The local gateway has no other instance to go to, so its requests may wait for the start. A second instance in one data
    folder goes without: the path would be gone with it. What a dead process left behind is replaced.
    """
    make_durable(path.parent, mode=0o700)
    if answers(path):
        return None
    path.unlink(missing_ok=True)
    listener = _UnixListener(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.inode = path.stat().st_ino
    path.chmod(0o600)
    listener.listen(BACKLOG)
    return listener


def answers(path: Path) -> bool:
    """Whether a living process listens on this Unix socket; one that has no time to take calls lives, too."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_S)
        try:
            probe.connect(str(path))
        except (TimeoutError, BlockingIOError):
            return True  # its line of callers is full
        except OSError:
            return False  # what a killed process left behind, or a path too long for a socket
    return True


def shut(listener: socket.socket) -> None:
    """Let nobody new in, and lose nobody who is: what the kernel has accepted is still there to be taken.

    A newcomer waits for a second, until its system tries again, and is refused once the listener is closed. Where the kernel
    knows no such filter nothing happens: then a connection made in the very moment of closing is reset.
    """
    if listener.family == socket.AF_UNIX:
        _forget_path(listener)
        return
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in _NO_NEWCOMERS))
    program = struct.pack("HP", len(_NO_NEWCOMERS), ctypes.addressof(code))
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    except OSError as error:
        _log.warning("listener.shut.impossible", error=str(error))


def _forget_path(listener: socket.socket) -> None:
    """A path that is gone refuses. It stays if the next process has put its own there already."""
    path = Path(listener.getsockname())
    with contextlib.suppress(FileNotFoundError):
        if isinstance(listener, _UnixListener) and path.stat().st_ino == listener.inode:
            path.unlink()
