"""One real mill for the whole session, the samples in it, and a collector that takes its spans."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.callers import Callers
from support.collector import Collector, collecting
from support.engines import Engines
from support.mill import Mill, wait_for
from support.servers.ports import free_ports

TEST_DATA = Path(__file__).parents[2] / "test_data"
MAX_FILE_BYTES = 8 * 1024 * 1024
"""Small, so that a file over the limit is quickly made."""

Document = dict[str, Any]
Upload = Callable[..., Document]
Finished = Callable[[str], Document]


@pytest.fixture(scope="module")
def client_with() -> Iterator[Callers]:
    """Makes clients of a mill that asks for credentials."""
    callers = Callers()
    yield callers
    callers.close()


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="session")
def mill(tmp_path_factory: pytest.TempPathFactory, collector: Collector, engines: Engines | None) -> Iterator[Mill]:
    started = Mill(
        tmp_path_factory.mktemp("journey") / "data",
        engines,
        FILEMILL_LOG_FORMAT="json",
        FILEMILL_MAX_FILE_BYTES=str(MAX_FILE_BYTES),
        FILEMILL_GATEWAY_METRICS_PORT=str(free_ports(1)[0]),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="200",
    )
    try:
        yield started.start()
    finally:
        assert started.stop() == 0, started.said()


@pytest.fixture(scope="session")
def client(mill: Mill) -> Iterator[httpx.Client]:
    """Calls the gateway, as everybody does."""
    with mill.client() as made:
        yield made


@pytest.fixture(scope="session")
def finished(client: httpx.Client) -> Finished:
    """Everything known of a file, once it is processed and analysed."""

    def wait(file_id: str) -> Document:
        def look() -> Document | None:
            answer = client.get(f"/api/metadata/files/{file_id}")
            if answer.status_code == 503:
                return None  # the news is not here and upload did not answer in half a second: come again
            document: Document = answer.raise_for_status().json()
            done = document["status"] in ("processed", "failed") and document["analysis"] != "pending"
            return document if done else None

        return wait_for(look, f"{file_id} to be processed and analysed", 60) or {}

    return wait


@pytest.fixture(scope="session")
def upload(client: httpx.Client) -> Upload:
    """Upload a file as a form; returns what the 201 says."""

    def send(name: str, content: bytes, **more: Any) -> Document:
        answer = client.post("/api/upload/files", files={"file": (name, content)}, **more)
        assert answer.status_code == 201, answer.text
        made: Document = answer.json()
        return made

    return send


@pytest.fixture(scope="session")
def samples(upload: Upload, finished: Finished) -> dict[str, Document]:
    """Every file of `test_data/`, uploaded, processed and analysed: file name -> all that is known."""
    names = sorted(path.name for path in TEST_DATA.iterdir() if path.name != "README.md")
    sent = {name: upload(name, (TEST_DATA / name).read_bytes())["file_id"] for name in names}
    return {name: finished(file_id) for name, file_id in sent.items()}
