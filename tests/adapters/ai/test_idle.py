"""What ai holds in memory before anybody asked it for anything: as processes of their own, without a mill around them."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from support.mill import wait_for

IDLE_MOST_BYTES = 150 * 1024 * 1024
HEAVY = ("PIL", "dateparser", "numpy", "onnxruntime", "phonenumbers", "py3langid", "stdnum", "torch", "transformers")


@pytest.mark.parametrize(
    ("module", "also"), [("main", ()), ("worker", ("fastapi", "starlette", "uvicorn"))], ids=["service", "worker"]
)
def test_start_when_nothing_was_asked_then_no_library_of_models_is_loaded(module: str, also: tuple[str, ...]) -> None:
    """They are the sandbox's, and come with the first file; a worker has no web server either."""
    code = f"import sys, filemill.ai.{module}; print(*(name for name in {(*HEAVY, *also)!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_worker_when_it_is_ready_and_nothing_was_asked_then_it_is_small_and_has_no_child(tmp_path: Path) -> None:
    """The zygote with all its tables (130 MB) comes with the first analysis; the walls were tried out without it."""
    log = tmp_path / "logs" / "ai-worker.log"
    known = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
    environment = known | {"FILEMILL_DATA_DIR": str(tmp_path), "FILEMILL_LOG_DIR": str(log.parent)}
    command = [sys.executable, "-m", "filemill.cli", "run", "ai", "--worker"]
    with subprocess.Popen(command, env=environment) as worker:
        try:
            wait_for(lambda: log.exists() and "ai.worker.ready" in log.read_text(), "the worker to be ready")
            process = psutil.Process(worker.pid)
            assert '"sandbox":"full"' in log.read_text()
            assert process.children() == []
            assert process.memory_full_info().pss < IDLE_MOST_BYTES
        finally:
            worker.terminate()
        assert worker.wait(30) == 0
