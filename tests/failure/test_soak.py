"""A day's files in a row, half of them broken: nothing crashes, nothing stays, memory stays flat."""

import os
import random
import secrets
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from support.broken_files import some_files
from support.mill import Mill
from support.quiet import wait_until_quiet

WATCHED = ("upload", "metadata", "processing", "processing-worker", "ai", "ai-worker", "notification", "gateway")
QUIET_S = 900.0
LOOK_EVERY_S = 0.5
FLAT = 1.2
"""The last quarter of the run may have so many times the memory of its second; pages come and go."""
FLAT_BYTES = 24 << 20


class _Memory(threading.Thread):
    """Looks at the resident memory of each process of a mill until it is stopped."""

    def __init__(self, mill: Mill) -> None:
        super().__init__()
        self._processes = {unit: psutil.Process(mill.units()[unit]["pid"]) for unit in WATCHED}
        self._over = threading.Event()
        self.seen: dict[str, list[int]] = defaultdict(list)

    def run(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            for unit, process in self._processes.items():
                self.seen[unit].append(process.memory_info().rss)

    def stop(self) -> None:
        self._over.set()
        self.join()

    def grown(self) -> list[str]:
        """What has more in the last quarter than in the second, by more than is fair."""
        said = []
        for unit, seen in self.seen.items():
            quarter = len(seen) // 4
            before, after = statistics.median(seen[quarter : 2 * quarter]), statistics.median(seen[-quarter:])
            print(f"{unit}: {before / 2**20:.0f} MiB in the second quarter, {after / 2**20:.0f} in the last")
            if after > before * FLAT + FLAT_BYTES:
                said.append(f"{unit} grew from {before} to {after} bytes")
        return said


@contextmanager
def _mill(folder: Path) -> Iterator[Mill]:
    mill = Mill(folder / "data")
    try:
        yield mill.start()
    finally:
        mill.stop()


def _send(mill: Mill, some: Iterator[tuple[str, bytes]]) -> Counter[int]:
    """Upload all, four at a time; how many were answered how."""

    def send(one: tuple[str, bytes]) -> int:
        return client.post("/api/upload/files", files={"file": one}).status_code

    with httpx.Client(base_url=mill.url, timeout=120.0) as client, ThreadPoolExecutor(4) as threads:
        return Counter(threads.map(send, some))


def _soak(folder: Path, count: int) -> None:
    seed = int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))
    print(f"seed {seed}")
    with _mill(folder) as mill:
        memory = _Memory(mill)
        memory.start()
        began_s = time.monotonic()
        try:
            answers = _send(mill, some_files(count, random.Random(seed)))
            wait_until_quiet(mill, QUIET_S)
        finally:
            memory.stop()
        print(f"{count} files in {time.monotonic() - began_s:.0f} s; answers {dict(answers)}")
        assert set(answers) <= {201, 415, 422}, answers  # executables and what lies about being one are not taken
        query = (
            "SELECT status, json_extract(status_reason, '$.code'), analysis, count(*) FROM documents GROUP BY 1, 2, 3"
        )
        ends = {tuple(row[:3]): row[3] for row in mill.rows("metadata", query)}
        print("\n".join(f"{number:5d} {end}" for end, number in sorted(ends.items(), key=str)))
        assert sum(ends.values()) == answers[201]
        assert [
            end for end in ends if end[0] not in ("processed", "failed") or (end[0] == "failed" and not end[1])
        ] == []
        assert {end[2] for end in ends} <= {"done", "unavailable"}
        parked = mill.rows("processing", "SELECT file_id, state FROM jobs WHERE state NOT IN ('done', 'failed')")
        assert parked == []
        assert {unit: said["restarts"] for unit, said in mill.units().items() if said["restarts"]} == {}
        assert [line for line in mill.logs() if line.get("level") in ("error", "critical")] == []
        assert memory.grown() == []


def test_mill_when_it_gets_some_files_and_half_are_broken_then_each_ends_by_name(tmp_path: Path) -> None:
    """Every kind of file, every way to break one."""
    _soak(tmp_path, 72)


@pytest.mark.slow
def test_mill_when_it_gets_2000_files_and_half_are_broken_then_each_ends_by_name_and_memory_is_flat(
    tmp_path: Path,
) -> None:
    """The long one."""
    _soak(tmp_path, int(os.environ.get("FILEMILL_SOAK_FILES", "2000")))
