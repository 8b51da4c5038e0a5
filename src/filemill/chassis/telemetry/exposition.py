"""Metrics of a worker, which answers no requests: on a port of their own, where one is set.

A worker of Celery is many processes. They write into the folder `PROMETHEUS_MULTIPROC_DIR` (which prometheus-client reads when
it is imported, so it must be set before the start), and one process beside them sums up. Gauges there carry the `pid` of each.
"""

import os
import signal

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from filemill.chassis.errors import StartError

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_log = structlog.get_logger()


def serve(host: str, port: int) -> None:
    """Answer `/metrics` of this process from a thread, until it ends. 0: do not. Raises `StartError`."""
    if port:
        _listen(host, port, None)


def serve_pool(host: str, port: int) -> int | None:
    """Answer `/metrics` for the processes of a pool from a process of its own; returns its pid, for `end`.

    To be called before there is any thread: it forks.
    """
    if not port:
        return None
    if FOLDER not in os.environ:
        _log.warning("metrics.pool.unseen", needs=FOLDER)
        return None
    child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        parent = os.getppid()
        _listen(host, port, registry)
        while os.getppid() == parent:
            signal.sigtimedwait((), _LOOK_S)
    except StartError as error:
        _log.error("metrics.pool.unheard", problem=str(error))
    finally:
        os._exit(0)


def end(pid: int | None) -> None:
    """End what `serve_pool` started."""
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


_LOOK_S = 1.0
"""How soon it notices that the pool is gone."""


def _listen(host: str, port: int, registry: CollectorRegistry | None) -> None:
    try:
        start_http_server(port, addr=host, registry=registry or REGISTRY)
    except OSError as error:
        raise StartError(f"the port {port} for metrics cannot be listened on: {error.strerror}") from error
