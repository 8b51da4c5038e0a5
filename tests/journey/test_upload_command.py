"""`filemill upload` as a person uses it: folders, several files at a time, interrupted runs, one line per failure."""

import contextlib
import hashlib
import json
import os
import pty
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from journey.conftest import MAX_FILE_BYTES
from journey.test_command_line import Shell
from support.holding_proxy import HoldingProxy
from support.mill import Mill, wait_for

MIB = 1024 * 1024
LARGE_BYTES = MAX_FILE_BYTES - 1000


@pytest.fixture
def shell(mill: Mill, tmp_path: Path) -> Shell:
    return Shell(mill, tmp_path)


def _files(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def _remembered(shell: Shell) -> list[Path]:
    folder = shell.folder / ".state" / "filemill" / "uploads"
    return list(folder.iterdir()) if folder.exists() else []


def test_upload_when_a_folder_is_named_then_its_files_go_with_their_paths(shell: Shell) -> None:
    """Hidden files stay, links are not followed, and where a file lay is kept as metadata."""
    inner = shell.folder / "album" / "2024"
    inner.mkdir(parents=True)
    for name in ("b.txt", ".hidden", "ä ö.txt"):
        (inner / name).write_text(name)
    (shell.folder / "album" / "loop").symlink_to(shell.folder / "album")
    (inner / "link.txt").symlink_to(inner / "b.txt")
    sent = _files(shell("upload", "--json", "--parallel", "2", "album"))
    assert sorted(str(one["path"]) for one in sent) == ["album/2024/b.txt", "album/2024/ä ö.txt"]
    for one in sent:
        file_id = one["file"]["file_id"]  # type: ignore[index]
        shown = wait_for(lambda file_id=file_id: json.loads(shell("show", "--json", file_id))["custom"], "the metadata")  # type: ignore[misc]
        assert shown == {"path": one["path"]}
    assert len(_files(shell("upload", "--json", "--hidden", "album"))) == 3
    assert _remembered(shell) == []


def test_upload_when_one_file_fails_then_the_next_run_sends_only_what_is_missing(shell: Shell) -> None:
    """What is there is not there twice; once a run ended well, a later one is a new one."""
    (shell.folder / "good.txt").write_text("good of a broken run")
    (shell.folder / "bad.txt").write_bytes(b"")
    said = shell("upload", "good.txt", "bad.txt", status=1)
    assert "error: bad.txt: " in said
    assert "empty-file" in said
    assert "leave it out" in said
    assert "1 of 2 files did not end well" in said
    (shell.folder / "bad.txt").write_text("no longer bad")
    first = _files(shell("upload", "--json", "good.txt", "bad.txt"))
    again = _files(shell("upload", "--json", "good.txt", "bad.txt"))
    ids = {(one["path"], one["file"]["file_id"]) for one in first + again}  # type: ignore[index]
    assert len(ids) == 4
    assert _remembered(shell) == []


def test_upload_when_a_name_is_no_utf8_then_it_is_sent_all_the_same(shell: Shell) -> None:
    """Names on a disk are bytes."""
    folder = shell.folder / "odd"
    folder.mkdir()
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_text("latin")
    (one,) = _files(shell("upload", "--json", "odd"))
    assert one["error"] is None
    assert "caf" in str(one["file"]["filename"])  # type: ignore[index]
    assert "caf" in shell("upload", "odd")


@contextmanager
def _held(shell: Shell, mill: Mill, count: int = 1) -> Iterator[tuple[Popen[str], HoldingProxy]]:
    """A run that has sent about half of its first file, and gets no further."""
    with HoldingProxy(mill.ports["gateway"], LARGE_BYTES // 2) as proxy:
        shell.environment["FILEMILL_URL"] = f"http://127.0.0.1:{proxy.port}"
        names = [f"large-{at}.bin" for at in range(count)]
        for at, name in enumerate(names):
            (shell.folder / name).write_bytes(random.Random(f"{shell.folder}{at}").randbytes(LARGE_BYTES))
        running = shell.begin("upload", "--parallel", "1", *names)
        try:
            wait_for(lambda: proxy.holds, "half of the file to be sent")
            yield running, proxy
        finally:
            running.kill()
            running.communicate()


def test_upload_when_its_process_is_killed_then_a_second_run_goes_on(shell: Shell, mill: Mill) -> None:
    """SIGKILL half way: the second command sends what is missing, and there is one file with the right bytes."""
    with _held(shell, mill) as (running, proxy):
        running.kill()
        running.wait()
        (entry,) = _remembered(shell)
        assert entry.stat().st_mode & 0o777 == 0o600
        proxy.let_go()
        (one,) = _files(shell("upload", "--json", "large-0.bin"))
        print(f"{proxy.sent_bytes} bytes sent by the second run, of {LARGE_BYTES}")
        assert proxy.sent_bytes < LARGE_BYTES * 0.6
    data = (shell.folder / "large-0.bin").read_bytes()
    assert one["file"]["sha256"] == hashlib.sha256(data).hexdigest()  # type: ignore[index]
    rows = mill.rows("upload", "SELECT count(*) FROM files WHERE sha256 = ?", hashlib.sha256(data).hexdigest())
    assert rows == [(1,)]
    assert _remembered(shell) == []


def test_upload_when_interrupted_then_it_says_how_to_go_on(shell: Shell, mill: Mill) -> None:
    """Ctrl-C: one line, status 130, at once; the same command again finishes the run."""
    with _held(shell, mill, 2) as (running, proxy):
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=10)
        assert (running.returncode, out) == (130, "")
        assert err == "error: stopped; 0 of 2 files are there. Run the same command again: it goes on where it was\n"
        proxy.let_go()
        assert len(_files(shell("upload", "--json", "large-0.bin", "large-1.bin"))) == 2
        assert proxy.sent_bytes < LARGE_BYTES * 1.6


def test_upload_when_there_is_a_terminal_then_bars_are_drawn_beside_the_lines(shell: Shell) -> None:
    """Bars on the error stream, gone at the end; results on the output, plain where it is a pipe."""
    names = [f"{at}.bin" for at in range(3)]
    for name in names:
        (shell.folder / name).write_bytes(random.Random(f"{shell.folder}{name}").randbytes(3 * MIB))
    ours, theirs = pty.openpty()
    drawn = bytearray()
    running = shell.begin("upload", *names, stderr=theirs)
    os.close(theirs)
    with contextlib.suppress(OSError):  # the end of a terminal is an error (EIO, pty(7))
        while data := os.read(ours, 65536):
            drawn += data
    os.close(ours)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 0, drawn.decode()
    assert b"3 files" in drawn
    assert b"9.4 MB" in drawn
    assert out.count("\n") == 3
    assert "\x1b" not in out
