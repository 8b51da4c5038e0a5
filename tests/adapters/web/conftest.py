"""Upload services on real sockets, one for each way in which a body is read."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.database.migrate import migrate
from filemill.chassis.web.drain_protocol import DrainProtocol
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.web_server import WebServer, serving

MOST_BYTES = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, WebServer]]:
    with ExitStack() as stack:
        running = {}
        for name, protocol in (("thread", DrainProtocol), ("loop", HttpToolsProtocol)):
            folder = tmp_path_factory.mktemp(name)
            settings = UploadSettings(
                data_dir=folder / "data", max_file_bytes=MOST_BYTES, min_free_disk_bytes=0, body_idle_s=5
            )
            migrate(settings)

            async def app(settings: UploadSettings = settings) -> ASGIApp:
                return await build(settings)

            running[name] = stack.enter_context(serving(app, protocol, folder / "w"))
        yield running
