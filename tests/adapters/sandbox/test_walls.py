"""What a child must not be able to do, each tried for real."""

import os
import platform
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.sandbox import Limits, Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")

NETWORK_KINDS = [
    "tcp",
    "udp",
    "tcp6",
    "udp6",
    "raw",
    "packet",
    "netlink",
    "vsock",
    "dns",
    "unix",
    "unix-abstract",
    "unix-datagram-pair",
    "unix-raw-pair",
]


@pytest.fixture
def listeners(tmp_path: Path) -> Any:
    """Servers a child could reach if nothing stopped it: TCP, UDP, Unix path and abstract; none may hear anything."""
    tcp = socket.create_server(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    path = str(tmp_path / "service.sock")
    stream = socket.socket(socket.AF_UNIX)
    stream.bind(path)
    Path(path).chmod(0o777)
    abstract_name = f"\0filemill-test-{os.getpid()}"
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(abstract_name)
    for server in (stream, abstract):
        server.listen()
    for server in (tcp, udp, stream, abstract):
        server.setblocking(False)
    yield {"port": port, "path": path, "abstract": abstract_name}
    for server in (tcp, stream, abstract):
        with pytest.raises(BlockingIOError):
            server.accept()
    with pytest.raises(BlockingIOError):
        udp.recv(10)
    for server in (tcp, udp, stream, abstract):
        server.close()


@pytest.mark.parametrize("kind", NETWORK_KINDS)
async def test_network_when_a_child_tries_it_then_it_is_refused(attempt: Any, listeners: Any, kind: str) -> None:
    """Every way to a network or to another service's socket ends in an error, and no server hears anything."""
    outcome = await attempt("network", kind=kind, **listeners)
    assert outcome.state == "ok"
    assert outcome.result["got"] in {"PermissionError", "gaierror"}


async def test_network_when_a_helper_program_tries_it_then_it_is_refused(attempt: Any, listeners: Any) -> None:
    """A program started by the child inherits the wall."""
    outcome = await attempt("from_a_program", port=listeners["port"], limits=Limits(processes=2))
    status, said = outcome.result["got"]
    assert status != 0
    assert "PermissionError" in said


async def test_socketpair_when_used_inside_the_child_then_it_works(attempt: Any) -> None:
    """Libraries talk to their own threads through socket pairs; that stays possible."""
    assert (await attempt("socket_pair")).result["got"] == "hello"


async def test_sendto_when_given_an_address_then_it_is_refused(attempt: Any, listeners: Any) -> None:
    """A pair of our own must not become a way to somebody else's socket."""
    outcome = await attempt("inherited_socket_with_address", path=listeners["path"])
    assert outcome.result["got"] == "PermissionError"


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/etc/passwd", "/proc/1/environ", "/proc/self/environ", "/root/.bashrc"]
)
async def test_read_when_outside_the_allowed_folders_then_it_fails(attempt: Any, path: str) -> None:
    """A child reads its source, its work folder and system libraries; not the machine's secrets."""
    outcome = await attempt("read", path=path)
    assert outcome.state == "failed"


async def test_read_when_another_file_of_the_same_user_then_it_fails(attempt: Any, tmp_path: Path) -> None:
    """A neighbour's file beside the source cannot be read."""
    neighbour = tmp_path / "neighbour.txt"
    neighbour.write_text("not yours")
    neighbour.chmod(0o644)
    outcome = await attempt("read", path=str(neighbour))
    assert outcome.state == "failed"
    assert "PermissionError" in outcome.detail


async def test_list_when_the_folder_holds_other_work_then_it_fails(attempt: Any, scratch: Path) -> None:
    """The names of other work folders stay hidden."""
    assert (await attempt("list_folder", path=str(scratch))).state == "failed"


async def test_source_when_read_then_it_is_there(attempt: Any) -> None:
    """The one file in work can be read."""
    assert (await attempt("read_source")).result["got"] == "the file in work"


async def test_source_when_private_to_the_service_then_the_child_can_still_read_it(
    sandbox: Sandbox, scratch: Path, tmp_path: Path
) -> None:
    """A file of mode 0600 in a folder of mode 0700 is readable, for libraries that ask access(2) first too."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    source = folder / "source"
    source.write_text("private")
    source.chmod(0o600)
    outcome = await sandbox.run({"name": "private_source"}, source=source, work_dir=scratch / "w", limits=Limits())
    assert outcome.result == {"got": [True, "private"]}
    request = {"name": "private_source_by_program"}
    outcome = await sandbox.run(request, source=source, work_dir=scratch / "w", limits=Limits(processes=2))
    assert outcome.result == {"got": [0, "private"]}


async def test_work_folder_when_used_again_then_what_is_left_can_be_overwritten(
    sandbox: Sandbox, scratch: Path, tmp_path: Path
) -> None:
    """A second try in the same folder is not stopped by files of the first."""
    for text in ("first", "second"):
        outcome = await sandbox.run(
            {"name": "overwrite", "text": text}, source=Path("/dev/null"), work_dir=scratch / "w", limits=Limits()
        )
        assert outcome.state == "ok"
    assert (scratch / "w" / "left").read_text() == "second"


async def test_source_when_written_then_it_fails(attempt: Any, tmp_path: Path) -> None:
    """The file in work cannot be changed."""
    assert (await attempt("write_source")).state == "failed"
    assert (tmp_path / "source.txt").read_text() == "the file in work"


async def test_work_folder_when_used_then_files_and_folders_can_be_made(attempt: Any) -> None:
    """Inside its work folder a child writes, renames and makes folders."""
    assert (await attempt("work")).result["got"] == ["b", "folder"]


@pytest.mark.parametrize("place", ["tmp", "scratch", "usr"])
async def test_write_when_outside_the_work_folder_then_it_fails(
    attempt: Any, tmp_path: Path, scratch: Path, place: str
) -> None:
    """Nothing can be written anywhere else."""
    target = {"tmp": tmp_path / "x", "scratch": scratch / "x", "usr": Path("/usr/filemill-test")}[place]
    assert (await attempt("write", path=str(target))).state == "failed"
    assert not target.exists()


async def test_attributes_when_of_a_foreign_file_then_none_can_be_changed(attempt: Any, tmp_path: Path) -> None:
    """Mode, owner, times, size and name of other files stay; no link to them or special file can be left behind."""
    target = tmp_path / "database"
    target.write_text("rows")
    target.chmod(0o666)
    before = target.stat()
    tried = (await attempt("attributes", path=str(target))).result["got"]
    assert tried.pop("link") in {"OSError", "PermissionError"}  # EXDEV is Landlock's answer
    assert set(tried.values()) == {"PermissionError"}
    after = target.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime, after.st_size) == (
        before.st_mode,
        before.st_uid,
        before.st_mtime,
        before.st_size,
    )


async def test_environment_when_the_service_has_secrets_then_the_child_has_none(attempt: Any) -> None:
    """No variable of ours reaches a child, in its environment or in /proc."""
    seen = (await attempt("environment")).result["got"]
    assert not [name for name in seen if isinstance(name, str) and name.startswith("FILEMILL")]
    assert seen[-1] in {"PermissionError", False}


async def test_descriptors_when_the_child_runs_then_only_its_own_are_open(attempt: Any) -> None:
    """Standard streams and the channel: nothing of the zygote or of other children."""
    assert len((await attempt("descriptors")).result["got"]) == 4


async def test_identity_when_the_service_is_root_then_the_child_is_not(attempt: Any) -> None:
    """A child of a root service runs under an unprivileged user id, in a session of its own, with few open files."""
    status = (await attempt("status")).result["got"]
    assert status["uid"] != 0
    assert status["session"] is True
    assert status["nofile_left"] < 64


async def test_signals_when_sent_outside_then_they_are_refused(attempt: Any) -> None:
    """A child can signal neither the zygote nor its client nor anybody else."""
    got = (await attempt("signals", client=os.getpid())).result["got"]
    assert set(got.values()) <= {"PermissionError", "ProcessLookupError"}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the attempt uses x86_64 numbers")
async def test_system_calls_when_dangerous_then_each_is_refused(attempt: Any) -> None:
    """Tracing, namespaces, mounts, io_uring and the like answer with an error; so does what we do not know."""
    got = (await attempt("calls")).result["got"]
    assert set(got.values()) <= {"Operation not permitted", "Function not implemented"}
    assert got["io_uring_setup"] == got["unknown"] == "Function not implemented"
    assert (await attempt("new_namespace")).result["got"] == -1
    assert (await attempt("clear_death_signal")).result["got"] == -1


async def test_level_when_all_walls_stand_then_it_is_full(sandbox: Sandbox) -> None:
    """The level is found by trying, and a test machine has every wall."""
    if sandbox.level.missing:
        pytest.skip(f"this machine lacks: {', '.join(sandbox.level.missing)}")
    assert sandbox.level.name == "full"
    assert sandbox.level.has_no_network
