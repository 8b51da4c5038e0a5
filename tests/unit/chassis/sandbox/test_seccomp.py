"""The filter program, executed by a small interpreter: what is refused on both processor families."""

import errno
import struct

import pytest

from filemill.chassis.sandbox import seccomp, syscalls

ALLOW, KILL = "allow", "kill"
OWN_PID = 4242


def verdict(program: bytes, machine: str, name: str | int, *arguments: int, arch: int | None = None) -> str | int:
    """Run the filter on one call; return `allow`, `kill` or the errno."""
    family = syscalls.FAMILIES[machine]
    number = name if isinstance(name, int) else syscalls.number(name, family)
    assert number is not None
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, family.audit_arch if arch is None else arch, 0, *padded)
    position = accumulator = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, 8 * position)
        position += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(value, value & 0xFFFF)
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            position += if_true if holds else if_false


@pytest.fixture(params=sorted(syscalls.FAMILIES))
def machine(request: pytest.FixtureRequest) -> str:
    """Each processor family we have numbers for."""
    return str(request.param)


def build(machine: str, *, programs: bool = False, signals_scoped: bool = False) -> bytes:
    """Return a filter for a family."""
    return seccomp.build(own_pid=OWN_PID, programs=programs, signals_scoped=signals_scoped, machine=machine)


def test_filter_when_called_from_another_architecture_then_it_kills(machine: str) -> None:
    """A call through the 32 bit door of the kernel has other numbers and ends the process."""
    assert verdict(build(machine), machine, "socket", arch=0x40000003) == KILL


def test_filter_when_x32_numbers_are_used_then_it_kills() -> None:
    """The x32 numbers are a second way to every call of x86_64."""
    assert verdict(build("x86_64"), "x86_64", 0x40000000 + 41) == KILL


@pytest.mark.parametrize("name", ["socket", "connect", "bind", "listen", "accept4"])
def test_filter_when_a_socket_call_is_made_then_access_is_denied(machine: str, name: str) -> None:
    """Every family, AF_UNIX too: no socket of another service can be reached."""
    for family in (1, 2, 10, 16, 17, 40):
        assert verdict(build(machine), machine, name, family) == errno.EACCES


@pytest.mark.parametrize(
    ("family", "kind", "wanted"),
    [
        (1, 1, ALLOW),
        (1, 5, ALLOW),
        (1, 1 | 0o2000000, ALLOW),
        (1, 2, errno.EACCES),
        (1, 3, errno.EACCES),
        (2, 1, errno.EACCES),
    ],
)
def test_filter_when_a_socket_pair_is_made_then_only_connected_unix_ones_pass(
    machine: str, family: int, kind: int, wanted: str | int
) -> None:
    """Stream and seqpacket pairs cannot name another socket; datagram and raw ones can."""
    assert verdict(build(machine), machine, "socketpair", family, kind) == wanted


def test_filter_when_sendto_has_an_address_then_it_is_denied(machine: str) -> None:
    """send(2) passes; an address in either half of the pointer does not."""
    program = build(machine)
    assert verdict(program, machine, "sendto", 3, 0, 0, 0, 0) == ALLOW
    assert verdict(program, machine, "sendto", 3, 0, 0, 0, 0x10) == errno.EACCES
    assert verdict(program, machine, "sendto", 3, 0, 0, 0, 0x7F0000000000) == errno.EACCES


def test_filter_when_processes_are_made_then_only_threads_pass_without_programs(machine: str) -> None:
    """Without helper programs: threads yes, processes and exec no; with them: processes yes, namespaces never."""
    thread, process, namespace, sibling = 0x3D0F00, 17, 17 | 0x10000000, 17 | 0x8000
    without, with_programs = build(machine), build(machine, programs=True)
    assert verdict(without, machine, "clone", thread) == ALLOW
    assert verdict(without, machine, "clone", process) == errno.EAGAIN
    assert verdict(without, machine, "clone", thread | 0x10000000) == errno.EPERM
    assert verdict(without, machine, "execve") == errno.EPERM
    assert verdict(with_programs, machine, "clone", process) == ALLOW
    assert verdict(with_programs, machine, "clone", namespace) == errno.EPERM
    assert verdict(with_programs, machine, "clone", sibling) == errno.EPERM
    assert verdict(with_programs, machine, "execve") == ALLOW
    assert verdict(with_programs, machine, "clone3") == errno.ENOSYS


def test_filter_when_signals_are_not_scoped_then_only_oneself_can_be_signalled(machine: str) -> None:
    """On kernels before 6.12 the filter keeps signals inside; abort() and raise() still work."""
    program = build(machine)
    assert verdict(program, machine, "tgkill", OWN_PID) == ALLOW
    assert verdict(program, machine, "kill", 0) == ALLOW
    for target in (1, OWN_PID + 1, 0xFFFFFFFF):
        assert verdict(program, machine, "kill", target) == errno.EPERM
    assert verdict(build(machine, signals_scoped=True), machine, "kill", 1) == ALLOW


def test_filter_when_the_death_signal_is_cleared_then_it_is_denied(machine: str) -> None:
    """A child cannot untie itself from the zygote, nor touch another process's limits."""
    program = build(machine)
    assert verdict(program, machine, "prctl", 1, 0) == errno.EPERM
    assert verdict(program, machine, "prctl", 1, 9) == ALLOW
    assert verdict(program, machine, "prctl", 15, 0) == ALLOW
    assert verdict(program, machine, "prlimit64", 0) == ALLOW
    assert verdict(program, machine, "prlimit64", 1) == errno.EPERM


def test_filter_when_a_call_is_newer_than_our_list_then_it_looks_missing(machine: str) -> None:
    """What we have not judged does not exist."""
    assert verdict(build(machine), machine, syscalls.FIRST_UNKNOWN) == errno.ENOSYS
    assert verdict(build(machine), machine, 0) == ALLOW
