"""A small HTTP server in a thread, for as long as a context lasts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are part of the tests."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], over: threading.Event, host: str = "127.0.0.1") -> Iterator[str]:
    """Its URL. `over` is set at the end, so that an answer which waits for ever comes to one."""
    server = _Server((host, 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
