"""The Python client against a real mill, the sync and the async one alike: every method, cut connections, refusals, memory."""

import asyncio
import io
import itertools
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from filemill.client import AsyncMill, File, MillError, UploadMemory
from filemill.client import Mill as SyncMill
from support.mill import Mill, wait_for
from support.tus_clients import CuttingProxy

MIB = 1024 * 1024
ONE_GIB = 1024 * MIB
CLIENT_MOST_BYTES = 60 * MIB
"""Of a process that imported the client (about 35 MiB) and sends a file of any size."""


class Client:
    """Either client, called the same way; lists are lists."""

    def __init__(self, kind: str, url: str, state: Path) -> None:
        self._runner = asyncio.Runner()
        memory = UploadMemory(state)
        self._asynchronous = kind == "async"
        self.mill: Any = AsyncMill(url, memory=memory) if self._asynchronous else SyncMill(url, memory=memory)

    def __call__(self, method: str, *arguments: Any, **more: Any) -> Any:
        if not self._asynchronous:
            found = getattr(self.mill, method)(*arguments, **more)
            return list(found) if method in ("list", "search") else found

        async def call() -> Any:
            made = getattr(self.mill, method)(*arguments, **more)
            return [one async for one in made] if method in ("list", "search") else await made

        return self._runner.run(call())

    def end(self) -> None:
        self("close")
        self._runner.close()


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def call(kind: str, mill: Mill, tmp_path: Path) -> Iterator[Client]:
    client = Client(kind, mill.url, tmp_path / "state")
    yield client
    client.end()


def test_client_when_every_method_is_called_then_a_file_has_its_life(call: Client, kind: str, tmp_path: Path) -> None:
    """Upload, wait, get, list, search, download, versions, trash, restore, purge."""
    word = f"wombat{kind}{tmp_path.name.replace('-', '')}"
    path = tmp_path / "note.txt"
    path.write_text(f"The {word} sleeps.")
    sent = call("upload", path, title="T", tags=["a", "b"], metadata={"path": "x/note.txt"})
    assert (sent.filename, sent.size, sent.title, sent.tags) == ("note.txt", path.stat().st_size, "T", ("a", "b"))
    done = call("wait", sent.file_id, 60)
    assert (done.status, done.is_done, done.document["text"]["state"]) == ("processed", True, "found")
    assert call("get", sent.file_id) == done
    assert sent.file_id in [one.file_id for one in call("list")]
    assert wait_for(lambda: call("search", word), "the index to have it")[0].file_id == sent.file_id
    assert [one.file_id for one in call("search", word, mode="hybrid")] == [sent.file_id]
    (tmp_path / "near.txt").write_text(f"The {word} sleeps, again.")
    near = call("upload", tmp_path / "near.txt")

    def nearest() -> list[File]:
        return [one for one in call("similar", sent.file_id, limit=1) if one.file_id == near.file_id]

    alike = wait_for(nearest, "the index to have the other one", 60)
    assert 0 < alike[0].document["similarity"] <= 1
    assert call("delete", near.file_id, purge=True)
    assert call("download", sent.file_id, tmp_path / "back.txt").read_bytes() == path.read_bytes()
    assert [one.version for one in call("versions", sent.file_id)] == [1]
    assert call("delete", sent.file_id) is None
    gone = wait_for(lambda: _refusal(call, "get", sent.file_id), "metadata to hear of it")
    assert (gone.code, gone.status, gone.retryable) == ("not-found", 404, False)
    assert call("restore", sent.file_id).file_id == sent.file_id
    assert call("delete", sent.file_id, purge=True)
    assert list((tmp_path / "state").iterdir()) == []


def _refusal(call: Client, method: str, *arguments: Any) -> MillError | None:
    try:
        call(method, *arguments)
    except MillError as error:
        return error
    return None


def test_list_when_there_are_more_than_a_page_then_all_come(call: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are the client's business."""
    monkeypatch.setattr("filemill.client.calls.PAGE", 2)
    ids = [call("upload", io.BytesIO(b"page %d" % at), filename=f"{at}.txt").file_id for at in range(5)]
    assert set(ids) <= {one.file_id for one in call("list")}


def test_upload_when_connections_are_cut_then_the_file_is_whole_and_there_once(
    kind: str, mill: Mill, tmp_path: Path
) -> None:
    """Cut at random places on the way up; up to the last byte and beyond it."""
    dice = random.Random(7)
    with CuttingProxy(mill.ports["gateway"], 7) as proxy:
        call = Client(kind, f"http://127.0.0.1:{proxy.port}", tmp_path / "state")
        try:
            for number in itertools.count():
                if proxy.cuts >= 8:
                    break
                data = dice.randbytes(dice.choice((1, 70_000, 3 * MIB, 7 * MIB)))
                name = f"{kind}-{tmp_path.name}-{number}.bin"
                told: list[int] = []
                sent: File = call(
                    "upload",
                    io.BytesIO(data),
                    filename=name,
                    on_progress=lambda done, _total, told=told: told.append(done),
                )
                assert told[-1] == len(data)
                assert call("download", sent.file_id, tmp_path / name).read_bytes() == data
                rows = mill.rows("upload", "SELECT file_id FROM files WHERE filename = ?", name)
                assert rows == [(sent.file_id,)]
        finally:
            call.end()


@pytest.mark.parametrize(
    ("name", "data", "code", "status"),
    [
        ("x.bin", bytes(9 * MIB), "file-too-large", 413),
        ("tool.exe", b"\x7fELF" + bytes(400_000), "type-not-allowed", 415),
        ("empty.txt", b"", "empty-file", 400),
    ],
)
def test_upload_when_it_is_refused_then_the_code_is_the_servers(
    call: Client, name: str, data: bytes, code: str, status: int
) -> None:
    """Before the first byte, within the first, or for having none: at once, with a request id."""
    with pytest.raises(MillError) as raised:
        call("upload", io.BytesIO(data), filename=name)
    assert (raised.value.code, raised.value.status, raised.value.retryable) == (code, status, False)
    assert raised.value.request_id


def test_wait_when_the_time_is_over_then_the_code_is_timeout(call: Client) -> None:
    """It goes on without us."""
    sent = call("upload", io.BytesIO(b"late"), filename="late.txt")
    with pytest.raises(MillError, match="timeout"):
        call("wait", sent.file_id, 0)


_SEND = """
import pathlib, re, sys
from filemill.client import Mill, UploadMemory
with Mill(sys.argv[1], memory=UploadMemory.of_user()) as mill:
    sent = mill.upload(sys.argv[2])
    mill.download(sent.file_id, sys.argv[2] + ".back")
    mill.delete(sent.file_id, purge=True)
print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])  # ru_maxrss begins with the parent's
"""


@pytest.mark.slow
def test_upload_when_the_file_has_a_gibibyte_then_the_client_stays_small(tmp_path: Path) -> None:
    """Neither way is a file in memory. Prints the peak."""
    mill = Mill(tmp_path / "data")
    path = tmp_path / "large.bin"
    dice = random.Random(1)
    with path.open("wb") as file:
        for _ in range(ONE_GIB // MIB):
            file.write(dice.randbytes(MIB))
    try:
        mill.start()
        command = [sys.executable, "-c", _SEND, mill.url, str(path)]
        environment = mill.environment | {"XDG_STATE_HOME": str(tmp_path / "state")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        peak = int(done.stdout) * 1024
        print(f"peak of the client: {peak / MIB:.0f} MiB")
        assert peak < CLIENT_MOST_BYTES
        with path.open("rb") as one, Path(f"{path}.back").open("rb") as other:
            while data := one.read(MIB):
                assert other.read(MIB) == data
    finally:
        assert mill.stop() == 0
        path.unlink()
        Path(f"{path}.back").unlink(missing_ok=True)
