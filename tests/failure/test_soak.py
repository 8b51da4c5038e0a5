"""A day's files in a row, half of them broken: nothing crashes, nothing stays, memory stays flat."""

import os
import random
import secrets
import shutil
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from support import media_files
from support.mill import Mill
from support.quiet import wait_until_quiet
from unit.processing import files

TEST_DATA = Path(__file__).parents[2] / "test_data"
WATCHED = ("upload", "metadata", "processing", "processing-worker", "ai", "ai-worker", "notification", "gateway")
QUIET_S = 900.0
LOOK_EVERY_S = 0.5
FLAT = 1.2
"""The last quarter of the run may have so many times the memory of its second; pages come and go."""
FLAT_BYTES = 24 << 20


def _cut(content: bytearray, dice: random.Random) -> None:
    del content[dice.randrange(1, len(content)) :]


def _flipped(content: bytearray, dice: random.Random) -> None:
    for _ in range(max(1, len(content) // 500)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


def _zeroed(content: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(content))
    length = min(len(content) - at, len(content) // 4 + 1)
    content[at : at + length] = bytes(length)


def _swapped(content: bytearray, _dice: random.Random) -> None:
    half = len(content) // 2
    content[:] = content[half:] + content[:half]


def _doubled(content: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(content))
    content[at:at] = content[at : at + len(content) // 3 + 1]


def _stuttering(content: bytearray, dice: random.Random) -> None:
    """Words where numbers stand: lengths and counts become enormous."""
    at = dice.randrange(len(content))
    content[at : at + 4] = b"\xff\xff\xff\xff"


BREAKS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _cut, _flipped, _zeroed, _swapped, _doubled, _stuttering,
)  # fmt: skip


def _originals() -> dict[str, bytes]:
    """Good files of every kind that can be made here."""
    photo = files.photo()
    made = {path.name: path.read_bytes() for path in sorted(TEST_DATA.iterdir()) if path.suffix != ".md"}
    made |= {f"photo.{kind.lower()}": files.encode(photo, kind) for kind in ("PNG", "WEBP", "TIFF", "BMP", "GIF")}
    made |= {
        "turned.jpg": files.jpeg_with_exif(6),
        "pages.pdf": files.pdf("First page words", "Second page"),
        "word.docx": files.structured_word(),
        "book.xlsx": files.workbook({"Spring": [["Ann", "3"]], "Autumn": [["Bob", "4"]]}),
        "slides.pptx": files.presentation([["Valves"], ["Pumps"]]),
        "folder.zip": files.zipped({"a.txt": b"words " * 50, "b.png": files.encode(photo, "PNG")}),
        "folder.7z": files.seven_zip({"a.txt": b"words", "folder": None}, packed=True),
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><circle cx="40" cy="40" r="30"/></svg>',
        "page.html": b"<html><title>Valves</title><body><p>open slowly</p></body></html>",
    }  # fmt: skip
    if shutil.which("ffmpeg"):
        made |= {"film.mp4": media_files.film(seconds=2), "song.mp3": media_files.song(seconds=2)}
    return made


def _some(count: int, dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """Each original and each way to break it in turn; every other file is broken. No two are equal."""
    originals = _originals()
    names = sorted(originals)
    for at in range(count):
        name = names[(at // 2) % len(names)]
        content = bytearray(originals[name])
        if at % 2:
            round_ = at // 2 // len(names)  # in the next one the same file is broken another way
            BREAKS[(at // 2 + round_) % len(BREAKS)](content, dice)
        yield f"{at}-{name}", bytes(content)


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
            answers = _send(mill, _some(count, random.Random(seed)))
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
