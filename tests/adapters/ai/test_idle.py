"""What ai holds in memory before anybody asked it for anything, and when that changes: as processes, without a mill around."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from filemill.ai.worker import SOON
from filemill.chassis.doorbell import Bell, Doorbell
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import wire
from filemill.chassis.messaging.build import open_transport
from filemill.contracts.topics import Topic
from support import samples
from support.mill import wait_for
from support.real_ai import real_ai

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


@contextmanager
def ready_worker(folder: Path) -> Iterator[psutil.Process]:
    """A worker of ai that is ready; its end is looked at."""
    log = folder / "logs" / "ai-worker.log"
    known = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
    environment = known | {"FILEMILL_DATA_DIR": str(folder), "FILEMILL_LOG_DIR": str(log.parent)}
    command = [sys.executable, "-m", "filemill.cli", "run", "ai", "--worker"]
    with subprocess.Popen(command, env=environment) as worker:
        try:
            wait_for(lambda: log.exists() and "ai.worker.ready" in log.read_text(), "the worker to be ready")
            assert '"sandbox":"full"' in log.read_text()
            yield psutil.Process(worker.pid)
        finally:
            worker.terminate()
        assert worker.wait(30) == 0


def test_worker_when_it_is_ready_and_nothing_was_asked_then_it_is_small_and_has_no_child(tmp_path: Path) -> None:
    """The zygote with all its tables (130 MB) comes with the first analysis; the walls were tried out without it."""
    with ready_worker(tmp_path) as process:
        assert process.children() == []
        assert process.memory_full_info().pss < IDLE_MOST_BYTES


def test_worker_when_work_is_on_its_way_then_its_tables_are_loaded_before_there_is_a_job(tmp_path: Path) -> None:
    """Told of a file that is still with processing, it starts what an analysis will need."""
    with ready_worker(tmp_path) as process:
        bell = Bell(tmp_path)

        def is_warm() -> list[psutil.Process]:
            bell.ring(SOON)  # again: it may not have listened yet
            return process.children()

        wait_for(is_warm, "the zygote of the rules")
        bell.close()


async def test_service_when_a_file_was_uploaded_then_the_worker_is_told_before_it_is_processed(tmp_path: Path) -> None:
    """The news is rung on, in the moment it was consumed."""
    with real_ai(tmp_path, model=False) as served:
        doorbell, transport = Doorbell(tmp_path, SOON), await open_transport(served.settings)
        file_id = new_id()
        event = wire.make_event("upload", Topic.UPLOADED, file_id, samples.uploaded(file_id))
        await transport.publish([event])
        assert await doorbell.wait(30)
        doorbell.close()
        await transport.close()
