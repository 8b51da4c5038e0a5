"""A text of fifty megabytes costs a stated time and memory, whatever is in it; in a process of its own, to measure it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEGABYTE = 1_000_000
SIZE_BYTES = 50 * MEGABYTE
MOST_S = 60.0  # 3 s here; a slow machine must not fail the test
MOST_MEMORY_MB = 500  # 290 here, of which 150 are the loaded tables

MEASURE = """
import json, re, sys, time
from pathlib import Path
from filemill.ai.capabilities.run import run
subject = {"file_id": "f", "filename": "a.txt", "content_type": "text/plain", "size_bytes": 1}
began = time.perf_counter()
results = run({"subject": subject}, Path(sys.argv[1]).parent, Path(sys.argv[1]))["results"]
print(json.dumps({
    "seconds": time.perf_counter() - began,
    # Not ru_maxrss: what the parent had when it started this process counts there.
    "memory_mb": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024,
    "states": {name: result["state"] for name, result in results.items()},
    "looked_at": {name: result["looked_at_characters"] for name, result in results.items()},
    "of": results["entities"]["of_characters"],
}))
"""


@pytest.mark.parametrize("form", ["plain", "pages"])
@pytest.mark.parametrize("unit", ["Invoice No 4711, total due 12.50 EUR on 3 May 2024. We thank you.\n", "Aa Bb "])
def test_run_when_a_text_has_fifty_megabytes_then_time_and_memory_are_bounded(
    unit: str, form: str, tmp_path: Path
) -> None:
    """Nothing fails, each capability reads its stated part, and says of how much."""
    text = unit * (SIZE_BYTES // len(unit))
    source = tmp_path / "text"
    source.write_text(text if form == "plain" else json.dumps({"pages": [{"number": 1, "text": text}]}))
    done = subprocess.run([sys.executable, "-c", MEASURE, str(source)], capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)
    assert measured["seconds"] < MOST_S
    assert measured["memory_mb"] < MOST_MEMORY_MB
    assert "failed" not in measured["states"].values()
    assert measured["of"] == len(text)
    assert max(filter(None, measured["looked_at"].values())) <= 200_000
