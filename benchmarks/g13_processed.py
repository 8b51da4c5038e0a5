"""G13: a 12 megapixel JPEG from the first byte of its upload to processed and analysed, on an idle mill.

Anchor: the sum of its steps, as each measured itself in the same run: the upload's request, the steps of processing, the
abilities of ai. What is over is hand-over: outbox, queue, claim, sandbox, events. Files come one at a time.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import mills
from l1_thumbnail import make_photo

ROUNDS, WARM_UP = 15, 3
GOAL = 1.3
_COMMENT_AT = 2


def run() -> list[dict[str, Any]]:
    """Measure and return the figure."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        make_photo(photo)
        whole, steps = [], []
        with mills.running(Path(folder) / "data") as mill:
            for number in range(WARM_UP + ROUNDS):
                took_ms, sum_ms = _one(mill, _commented(photo.read_bytes(), number))
                if number >= WARM_UP:
                    whole.append(took_ms)
                    steps.append(sum_ms)
    ours, anchor = statistics.median(whole), statistics.median(steps)
    return [
        {
            "id": "G13", "work": "12 MP JPEG: upload to processed and analysed, p50", "anchor_is": "the sum of its steps",
            "ours": round(ours), "anchor": round(anchor), "ratio": round(ours / anchor, 2), "unit": "ms",
            "goal": f"ratio <= {GOAL:g}", "met": ours / anchor <= GOAL,
        }
    ]  # fmt: skip


def _commented(jpeg: bytes, number: int) -> bytes:
    """The same picture as another file: equal bytes would be answered from what is known of them."""
    words = f"number {number} at {time.time_ns()}".encode()
    return jpeg[:_COMMENT_AT] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + jpeg[_COMMENT_AT:]


def _one(mill: mills.Mill, content: bytes) -> tuple[float, float]:
    """(from begin to end, the sum of the steps), in ms."""
    began_s = time.perf_counter()
    file_id = mill.send("photo.jpg", content)
    sent_ms = (time.perf_counter() - began_s) * 1000
    mill.wait("metadata", f"SELECT count(*) FROM documents WHERE file_id = '{file_id}' AND analysis = 'done'", 1)
    took_ms = (time.perf_counter() - began_s) * 1000
    story = mill.client.get(f"/api/metadata/files/{file_id}/timeline").raise_for_status().json()["items"]
    # `plan` and `analysis` are the sums of theirs, hand-over included; a step that began also says that it ended.
    inner = [
        item["duration_ms"]
        for item in story
        if item["service"] in ("processing", "ai") and item["step"] not in ("plan", "analysis") and item["duration_ms"]
    ]
    return took_ms, sent_ms + sum(inner)
