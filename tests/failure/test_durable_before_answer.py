"""A 201 is sent only when body, its folder and the row are synced: seen in the system calls of the upload service."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.durability import answers, not_durable, resumed_not_durable
from support.mill import wait_for
from support.programs import Require
from support.servers.ports import free_ports
from support.strace import CALLS, read_trace

pytestmark = pytest.mark.core

SMALL, LARGE, DRAINED = b"a small text\n" * 10, b"a large text\n" * 20_000, b"a text from a thread\n" * 60_000
UPLOADS = [("form", SMALL), ("form", SMALL), ("form", LARGE), ("form", LARGE), ("form", DRAINED), ("raw", DRAINED)]


def test_upload_when_answered_then_everything_was_synced(tmp_path: Path, require: Require) -> None:
    """Small and large bodies, the first and the second of each, and those a thread reads: all the ways to write."""
    trace = _trace_uploads(tmp_path, require("strace"), "")
    calls = read_trace(trace)
    assert len(answers(calls)) == len(UPLOADS)
    for number in range(len(UPLOADS)):
        assert not_durable(calls, tmp_path / "data", number) == []


def test_upload_when_fsync_is_switched_off_then_the_check_notices(tmp_path: Path, require: Require) -> None:
    """The check above can fail: with `FILEMILL_TEST_BREAK=fsync` each answer is found to be too early."""
    trace = _trace_uploads(tmp_path, require("strace"), "fsync")
    calls = read_trace(trace)
    found = [not_durable(calls, tmp_path / "data", number) for number in range(len(UPLOADS))]
    assert all(found)
    assert "the small body was not synced before the answer" in found[0]
    for large in (found[2], found[4], found[5]):
        assert "the body was not synced before it was moved to its place" in large
        assert "the folder of the body was not synced after the move" in large
        assert "the row was not synced after the blob and before the answer" in large


def test_resumable_upload_when_answered_then_everything_was_synced(tmp_path: Path, require: Require) -> None:
    """tus: each offset that is told, and the file that the last one makes; without fsync the check notices."""
    strace = require("strace")
    trace = _trace_resumed(tmp_path, strace, "")
    assert resumed_not_durable(read_trace(trace), tmp_path / "data") == []
    (tmp_path / "broken").mkdir()
    trace = _trace_resumed(tmp_path / "broken", strace, "fsync")
    found = resumed_not_durable(read_trace(trace), tmp_path / "broken" / "data")
    assert {"answer 1: the bytes were not synced", "answer 2: the row was not synced after the bytes"} <= set(found)
    assert "the folder of the blob was not synced" in found


def _trace_resumed(folder: Path, strace: str, broken: str) -> Path:
    """One upload in two requests to a traced service; returns the trace."""
    trace, half = folder / "trace", len(LARGE) // 2
    with _traced_service(folder, strace, broken, trace) as url, httpx.Client(base_url=url, timeout=60) as client:
        client.headers["Tus-Resumable"] = "1.0.0"
        place = client.post("/tus/", headers={"Upload-Length": str(len(LARGE))}).headers["location"]
        for offset, part in ((0, LARGE[:half]), (half, LARGE[half:])):
            headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            assert client.patch(place, content=part, headers=headers).status_code == 204
    return trace


def _trace_uploads(folder: Path, strace: str, broken: str) -> Path:
    """The uploads to a traced service; returns the trace."""
    trace = folder / "trace"
    with _traced_service(folder, strace, broken, trace) as url, httpx.Client(base_url=url, timeout=60) as client:
        for way, body in UPLOADS:
            if way == "form":
                answer = client.post("/files", files={"file": ("text.txt", body)})
            else:
                answer = client.put("/files?filename=text.txt", content=body)
            assert answer.status_code == 201, answer.text
        assert _drained_bytes(client.get("/metrics").text) > len(DRAINED)
    return trace


def _drained_bytes(metrics: str) -> float:
    """What threads have read from sockets."""
    return next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("filemill_http_drained_"))


@contextmanager
def _traced_service(folder: Path, strace: str, broken: str, trace: Path) -> Iterator[str]:
    (port,) = free_ports(1)
    environment = os.environ | {
        "FILEMILL_DATA_DIR": str(folder / "data"),
        "FILEMILL_UPLOAD_PORT": str(port),
        "FILEMILL_TEST_BREAK": broken,
        "FILEMILL_DRAIN_S": "0",
    }
    # -y names the files behind descriptors; the first bytes of an answer are enough to know it.
    tracing = [strace, "-f", "-y", "-s", "200", "-e", f"trace={CALLS}", "-o", str(trace)]
    command = [*tracing, sys.executable, "-m", "filemill.cli", "run", "upload"]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_for(lambda: _answers(process, folder, port), "the traced service", 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # strace itself does not hear it, the service does
        process.wait(30)


def _answers(process: "subprocess.Popen[bytes]", folder: Path, port: int) -> bool:
    if process.poll() is not None:
        said = (folder / "out").read_text(encoding="utf-8", errors="replace")
        if "ptrace" in said:
            pytest.skip("this machine does not allow tracing")
        raise AssertionError(said)
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
