"""Each hostile document ends in time, in memory, with a reason, and asks nobody for anything."""

import http.server
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.sandbox import Sandbox
from filemill.processing.plan import DOCUMENT, DRAWING, OFFICE, PDF
from filemill.processing.steps.guarded import process

from .hostile_cases import CANARY, CASES
from .hostile_documents import good_documents

pytestmark = pytest.mark.long

WALL_S = 30.0
MEMORY_BYTES = 1 << 30


@pytest.fixture(scope="module")
def canary() -> Iterator[Any]:
    """A server on loopback that remembers who asked; `address` is where."""
    asked: list[str] = []

    class Remember(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Remember)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1], asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_limits_when_read_then_they_are_those_promised() -> None:
    """30 seconds and 1 GiB for one file."""
    assert DRAWING.limits.wall_s <= WALL_S / 2, "run again without the drawing"
    for plan in (PDF, OFFICE, DOCUMENT):
        assert (plan.limits.wall_s, plan.limits.memory_bytes) == (WALL_S, MEMORY_BYTES)


@pytest.mark.parametrize("name", CASES)
async def test_document_when_hostile_then_it_ends_with_a_reason(
    mill: Sandbox, scratch: Path, tmp_path: Path, canary: Any, name: str
) -> None:
    """Within the limits, `done`, `empty` or refused with a sentence; the canary hears nothing."""
    port, asked = canary
    case = CASES[name]
    content = case.make()
    if CANARY.encode() in content:
        content = content.replace(CANARY.encode(), f"http://127.0.0.1:{port}".encode())
    source = tmp_path / "source"
    source.write_bytes(content)
    started = time.monotonic()
    processed = await process(
        mill,
        {"filename": case.filename},
        source=source,
        work_dir=scratch / "work",
        limits=DRAWING.limits if case.filename.endswith(".svg") else PDF.limits,
    )
    took_s = time.monotonic() - started
    result = processed.result
    assert result is not None, processed.outcome
    for step in result["steps"]:
        assert (step["state"] == "done") != bool(step["code"] and step["detail"]), step
        assert step["code"] != "step-failed", step
    if result["reject"] is not None:
        assert result["reject"]["code"]
        assert result["reject"]["detail"]
    assert asked == []
    assert not slipped(tmp_path)
    assert took_s < WALL_S, (took_s, result["steps"])


FUZZED = 300


@pytest.mark.slow
async def test_documents_when_randomly_corrupted_then_each_ends_with_a_reason(
    mill: Sandbox, scratch: Path, tmp_path: Path
) -> None:
    """Bytes turned over, cut out, doubled: no document brings the sandbox down or hangs it."""
    noise = random.Random(5)
    whole = good_documents()
    source = tmp_path / "source"
    for number in range(FUZZED):
        filename = noise.choice(sorted(whole))
        source.write_bytes(corrupted(whole[filename], noise))
        started = time.monotonic()
        processed = await process(
            mill, {"filename": filename}, source=source, work_dir=scratch / "work", limits=PDF.limits
        )
        took_s = time.monotonic() - started
        assert processed.result is not None, (number, filename, processed.outcome)
        assert took_s < WALL_S, (number, filename)
        for step in processed.result["steps"]:
            assert step["code"] != "step-failed", (number, filename, step)


def slipped(folder: Path) -> bool:
    """Return whether something was written where a name in an archive led."""
    return any((place / "filemill-slipped").exists() for place in (Path("/tmp"), Path("/etc"), folder))


def corrupted(content: bytes, noise: random.Random) -> bytes:
    """Return a copy with some bytes turned over, a piece cut out, or a piece twice."""
    changed = bytearray(content)
    for _ in range(noise.randint(1, 20)):
        at = noise.randrange(len(changed))
        until = min(len(changed), at + noise.randint(1, 200))
        what = noise.randrange(3)
        if what == 0:
            changed[at] = noise.randrange(256)
        elif what == 1 and len(changed) > 1000:
            del changed[at:until]
        else:
            changed[at:at] = changed[at:until]
    return bytes(changed)
