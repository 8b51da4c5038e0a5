"""W: what more workers bring, and what a full bulk lane costs somebody who uploads a file now.

W1: as many pictures a second with two workers (and four) as with one; the anchor is one worker on the same machine.
W2: the 95th percentile from upload to processed beside 1,000 files of the bulk lane; the anchor is the same mill at rest.
"""

import io
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import mills
from l1_thumbnail import make_photo

FILES = 40
BULK_FILES = 1_000
UPLOADS = 60
EVERY_S = 0.5
GOAL_SHARE, GOAL_P95 = 0.8, 1.10


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        make_photo(photo)
        content = photo.read_bytes()
        rates = {workers: _rate(Path(folder) / f"workers-{workers}", content, workers) for workers in (1, 2, 4)}
        rest, beside = _lanes(Path(folder) / "lanes", _small(photo))
    free = min(4, os.cpu_count() or 1)
    rows = [
        {
            "id": f"W1-{workers}", "work": f"12 MP pictures processed by {workers} workers ({free} cores for everything)",
            "anchor_is": "one worker", "ours": round(rates[workers], 2), "anchor": round(rates[1], 2),
            "ratio": round(rates[workers] / rates[1], 2), "unit": "files/s",
            "goal": f"ratio >= {GOAL_SHARE * min(workers, free):g}",
            "met": rates[workers] / rates[1] >= GOAL_SHARE * min(workers, free),
        }
        for workers in (2, 4)
    ]  # fmt: skip
    rows.append(
        {
            "id": "W2", "work": f"upload to processed, p95, beside {BULK_FILES} bulk files", "anchor_is": "at rest",
            "ours": round(beside), "anchor": round(rest), "ratio": round(beside / rest, 2), "unit": "ms",
            "goal": f"ratio <= {GOAL_P95:g}", "met": beside / rest <= GOAL_P95,
        }
    )  # fmt: skip
    return rows


def _small(photo: Path) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(photo) as picture:
        picture.resize((800, 600)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _another(jpeg: bytes, number: int) -> bytes:
    words = f"number {number} at {time.time_ns()}".encode()
    return jpeg[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + jpeg[2:]


def _rate(data_dir: Path, content: bytes, workers: int) -> float:
    """Files a second, from the first job's start to the last one's end."""
    with mills.running(data_dir, FILEMILL_PROCESSING_WORKERS=str(workers)) as mill:
        for number in range(FILES):
            mill.send("photo.jpg", _another(content, number))
        mill.wait("processing", "SELECT count(*) FROM jobs WHERE state = 'done'", FILES)
        [(seconds,)] = mill.rows(
            "processing", "SELECT (julianday(max(finished_at)) - julianday(min(started_at))) * 86400 FROM jobs"
        )
    return FILES / float(seconds)


def _lanes(data_dir: Path, small: bytes) -> tuple[float, float]:
    """(p95 at rest, p95 beside the bulk lane), in ms."""
    with mills.running(data_dir) as mill:
        for number in range(BULK_FILES):
            mill.send(f"{number}.jpg", _another(small, number))
        mill.wait("processing", "SELECT count(*) FROM jobs WHERE state = 'done'", BULK_FILES)
        mill.wait("ai", "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')", 0)
        rest = _p95(mill, "rest")
    # Another setting of a step gives its results other addresses: nothing is answered from what is kept.
    with mills.running(data_dir, FILEMILL_PICTURE_FORMAT="avif") as mill:
        cursor = None
        while True:
            asked = {"where": "type = image/jpeg", "cursor": cursor}
            answer = mill.client.post("/api/processing/jobs/reprocess", json=asked).raise_for_status().json()
            cursor = answer.get("next_cursor")
            if cursor is None:
                break
        beside = _p95(mill, "beside")
        [(left,)] = mill.rows("processing", "SELECT count(*) FROM jobs WHERE lane = 'bulk' AND state = 'queued'")
        if not left:
            raise RuntimeError("the bulk lane was empty before the last upload: the figure says nothing")
    return rest, beside


def _p95(mill: mills.Mill, word: str) -> float:
    took_ms = []
    for number in range(UPLOADS):
        file_id = mill.send(f"{word}-{number}.txt", f"Somebody waits for this {word} {number}. ".encode() * 40)
        began_s = time.perf_counter()
        mill.wait("processing", f"SELECT count(*) FROM jobs WHERE file_id = '{file_id}' AND state = 'done'", 1)
        took_ms.append((time.perf_counter() - began_s) * 1000)
        time.sleep(EVERY_S / 10)
    return statistics.quantiles(took_ms, n=20)[-1]
