"""A zip of several files through the gateway: from the command line, with memory that does not grow, and never short."""

import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from filemill.client import Mill as Client
from filemill.client import MillError, UploadMemory
from journey.test_command_line import Shell
from support.mill import Mill

MIB = 1024 * 1024
GROWTH_MOST_BYTES = 48 * MIB
"""What a process may grow by while it sends a zip of any size; buffers of sockets and files, not the files."""


def test_download_when_several_are_wanted_then_they_come_as_one_zip(mill: Mill, tmp_path: Path) -> None:
    """`filemill download ID... --zip OUT`, or into a folder one by one; nothing is overwritten."""
    shell = Shell(mill, tmp_path)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{name} of {tmp_path}")
    ids = [line.split()[1] for line in shell("upload", "a.txt", "b.txt").splitlines()]
    assert shell("download", *ids, "--zip", "all.zip") == "all.zip\n"
    with zipfile.ZipFile(tmp_path / "all.zip") as read:
        assert {name: read.read(name) for name in read.namelist()} == {
            name: (tmp_path / name).read_bytes() for name in ("a.txt", "b.txt")
        }
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tqq", tmp_path / "all.zip"], check=False).returncode == 0
    assert "is there already" in shell("download", *ids, "--zip", "all.zip", status=1)
    assert "into a folder" in shell("download", *ids, "-o", "file", status=1)
    (tmp_path / "out").mkdir()
    shell("download", *ids, "-o", "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "b.txt"]
    shell("rm", ids[1])
    assert "not-found" in shell("download", *ids, "--zip", "other.zip", status=1)
    assert sorted(path.name for path in tmp_path.iterdir() if "zip" in path.name) == ["all.zip"]


@pytest.fixture
def own_mill(tmp_path: Path) -> Iterator[Mill]:
    """Whose store may be damaged."""
    mill = Mill(tmp_path / "data")
    try:
        yield mill.start()
    finally:
        assert mill.stop() == 0


def _peak_bytes(mill: Mill, unit: str) -> int:
    status = Path(f"/proc/{mill.units()[unit]['pid']}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) * 1024


def test_zip_when_it_is_large_or_a_file_fails_then_memory_is_flat_and_it_breaks_off(
    own_mill: Mill, tmp_path: Path
) -> None:
    """320 MiB go through both processes in pieces; then the third file's bytes are gone: no reader gets a whole answer."""
    large = tmp_path / "large.bin"
    with Client(own_mill.url, memory=UploadMemory(tmp_path / "state")) as client:
        ids = []
        for at in range(5):
            large.write_bytes(random.Random(at).randbytes(MIB) * 64)
            ids.append(client.upload(large).file_id)
        before = {unit: _peak_bytes(own_mill, unit) for unit in ("gateway", "upload")}
        whole = client.download_zip(ids, tmp_path / "whole.zip")
        for unit, peak in before.items():
            growth = _peak_bytes(own_mill, unit) - peak
            print(f"{unit} grew by {growth / MIB:.1f} MiB")
            assert growth < GROWTH_MOST_BYTES
        with zipfile.ZipFile(whole) as read:
            assert read.testzip() is None
            assert read.namelist()[:2] == ["large.bin", "large (2).bin"]
        ((key,),) = own_mill.rows("upload", "SELECT storage_key FROM files WHERE file_id = ?", ids[2])
        (own_mill.data_dir / "store" / key).unlink()
        with pytest.raises(httpx.TransportError):
            _read(own_mill, ids)
        with pytest.raises(MillError):
            client.download_zip(ids, tmp_path / "short.zip")
        assert not list(tmp_path.glob("*short*"))
        with pytest.raises(MillError, match=r"\((not-found|service-unavailable|dependency-unavailable),"):
            client.download_zip(ids[2:], tmp_path / "short.zip")


def _read(mill: Mill, ids: list[str]) -> None:
    with mill.client() as plain, plain.stream("POST", "/api/upload/files/zip", json={"file_ids": ids}) as answer:
        assert answer.status_code == 200
        for _ in answer.iter_raw():
            pass
