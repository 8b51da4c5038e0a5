"""Getting bytes back, decided without a network: whole, checked, or not there at all."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from filemill.client.downloading import download_to, safe_name
from filemill.client.errors import MillError
from filemill.client.steps import Answer, Call
from support.tus_server import BROKEN, FILE_ID, TusServer, document, problem

DATA = random.Random(4).randbytes(100_000)


@dataclass
class ContentServer(TusServer):
    """Serves `DATA`; breaks off after each of `breaks` bytes."""

    breaks: list[int] = field(default_factory=list)
    served: bytes = DATA
    etag: str | None = None
    filename: str = "a.bin"
    ranges: list[str | None] = field(default_factory=list)

    def _file(self, call: Call) -> Answer:
        about = document(DATA, filename=self.filename)
        if call.sink is None:
            return Answer(200, {}, json.dumps(about).encode())
        asked = call.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        head = Answer(206 if asked else 200, {"etag": self.etag or f'"{about["sha256"]}"'})
        call.sink.begin(head)
        rest = self.served[start:]
        if self.breaks:
            call.sink.write(rest[: self.breaks.pop(0)])
            raise BROKEN
        call.sink.write(rest)
        return head


def test_download_when_it_breaks_then_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """Range with If-Range; the bytes that are here are not fetched again."""
    server = ContentServer(breaks=[30_000, 0, 1])
    target = server.play(download_to(FILE_ID, tmp_path, overwrite=False))
    assert target == tmp_path / "a.bin"
    assert target.read_bytes() == DATA
    assert server.ranges == [None, "bytes=30000-", "bytes=30000-", "bytes=30001-"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "server", [ContentServer(served=bytes(100_000)), ContentServer(etag='"other"')], ids=["bytes", "etag"]
)
def test_download_when_other_bytes_come_then_nothing_is_kept(server: ContentServer, tmp_path: Path) -> None:
    """Damaged on the way, or another content than was asked for."""
    with pytest.raises(MillError, match="digest-mismatch"):
        server.play(download_to(FILE_ID, tmp_path / "x", overwrite=False))
    assert list(tmp_path.iterdir()) == []


def test_download_when_it_never_works_then_the_part_is_removed(tmp_path: Path) -> None:
    """It gives up, and leaves no litter."""
    with pytest.raises(MillError, match="connection-broken"):
        ContentServer(breaks=[0] * 100).play(download_to(FILE_ID, tmp_path / "x", overwrite=False))
    assert list(tmp_path.iterdir()) == []


def test_download_when_the_place_is_taken_then_only_with_overwrite(tmp_path: Path) -> None:
    """Nobody's file is replaced unasked."""
    (tmp_path / "x").write_text("mine")
    with pytest.raises(FileExistsError):
        ContentServer().play(download_to(FILE_ID, tmp_path / "x", overwrite=False))
    assert (tmp_path / "x").read_text() == "mine"
    assert ContentServer().play(download_to(FILE_ID, tmp_path / "x", overwrite=True)).read_bytes() == DATA


def test_download_when_the_file_is_not_there_then_the_code_says_so(tmp_path: Path) -> None:
    """The server's own code and request id."""

    class Empty(TusServer):
        def _file(self, call: Call) -> Answer:
            return problem(404, "not-found")

    with pytest.raises(MillError, match=r"It is not-found. \(not-found, request r-1\)"):
        Empty().play(download_to(FILE_ID, tmp_path, overwrite=False))


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("..", "unnamed"),
        ("C:\\x\\y.txt", "y.txt"),
        ("a\0b", "ab"),
        ("", "unnamed"),
        ("/", "unnamed"),
    ],
)
def test_name_when_it_is_a_path_then_only_its_end_counts(told: str, name: str) -> None:
    """A server's name chooses no folder here."""
    assert safe_name(told) == name
