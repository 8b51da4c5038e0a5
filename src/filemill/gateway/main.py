"""The local gateway, wired: settings, logs, metrics, then the edge until a signal ends it."""

import asyncio
import errno
import gc
import signal
from collections.abc import Callable
from typing import Any

import structlog
import uvloop
from prometheus_client import start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from filemill import __version__
from filemill.chassis.errors import StartError
from filemill.chassis.settings import load
from filemill.chassis.telemetry import spans, tracing
from filemill.chassis.telemetry.request_context import RequestContext
from filemill.chassis.telemetry.start import start_telemetry
from filemill.chassis.web.asking_access import AskingAccess
from filemill.chassis.web.process import SOCKET_PATH_MOST
from filemill.gateway.addresses import Address, TcpAddress, UnixAddress
from filemill.gateway.callers import Callers
from filemill.gateway.proxy import Gateway, best_page
from filemill.gateway.records import Record
from filemill.gateway.routes import build_routes
from filemill.gateway.settings import GatewaySettings

_log = structlog.get_logger()
_QUIET_PATHS = frozenset({"/health", "/livez", "/readyz"})


def upstreams(settings: GatewaySettings) -> dict[str, tuple[Address, ...]]:
    """Where each service answers: as named, else by its Unix socket here, or its port where that path is too long."""
    found: dict[str, tuple[Address, ...]] = {}
    for service in {route.service for route in build_routes()}:
        path = settings.sockets_dir / f"{service}.sock"
        by_path = len(str(path)) <= SOCKET_PATH_MOST
        found[service] = (UnixAddress(str(path)) if by_path else TcpAddress(settings.host, settings.port(service)),)
    return {**found, **settings.named_upstreams}


def log_access(event: dict[str, Any]) -> None:
    """One line per request; health questions that went well are not worth one."""
    if event.get("path") not in _QUIET_PATHS or event.get("status") != 200:
        facts = {name: value for name, value in event.items() if name != "event"}
        _log.info("gateway.request.done", **facts)


def record_span(record: Record, duration_s: float) -> None:
    """The edge's own span, made when all is over: nothing of it is kept meanwhile but the ids that went on."""
    identity = record.identity
    if record.path in _QUIET_PATHS or identity.traceparent[-1] == "0":
        return
    attributes: dict[str, str | int] = {
        "http.request.method": record.method,
        "filemill.upstream": record.service,
        "filemill.outcome": record.outcome,
    }
    if record.route is not None:
        attributes["http.route"] = record.route
    if record.status is not None:
        attributes["http.response.status_code"] = record.status
    context = RequestContext(
        identity.request_id, identity.parent or identity.traceparent, begun_here=identity.parent is None
    )
    failed = str(record.status) if (record.status or 0) >= 500 else None
    tracing.record(
        spans.GATEWAY,
        attributes,
        duration_s=duration_s,
        context=context,
        traceparent=identity.traceparent,
        failed=failed,
    )


class StatsCollector(Collector):
    """The gateway's plain numbers as Prometheus metrics."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def collect(self) -> list[Metric]:
        """Called at each scrape."""
        stats = self._gateway.stats
        requests = CounterMetricFamily(
            "filemill_gateway_requests", "Requests by service.", labels=["service", "status"]
        )
        for (service, status), count in stats.requests.items():
            requests.add_metric([service, status], count)
        failures = CounterMetricFamily(
            "filemill_gateway_failures", "Services that failed.", labels=["service", "reason"]
        )
        for (service, reason), count in stats.service_failures.items():
            failures.add_metric([service, reason], count)
        seconds = CounterMetricFamily(
            "filemill_gateway_request_seconds",
            "Time from the heads of requests to the ends of answers.",
            labels=["service"],
        )
        for service, total_s in stats.seconds.items():
            seconds.add_metric([service], total_s)
        retries = CounterMetricFamily(
            "filemill_gateway_retries", "Requests repeated on a fresh connection.", labels=["service"]
        )
        for service, count in stats.retries.items():
            retries.add_metric([service], count)
        waiting = GaugeMetricFamily(
            "filemill_gateway_waiting", "Requests that wait for the beginning of an answer.", labels=["service"]
        )
        most = GaugeMetricFamily(
            "filemill_gateway_waiting_most", "So many may wait; the next is refused.", labels=["service"]
        )
        for service, admission in self._gateway.waiting().items():
            waiting.add_metric([service], admission.waiting)
            most.add_metric([service], admission.most)
        return [
            waiting,
            most,
            requests,
            failures,
            seconds,
            retries,
            GaugeMetricFamily(
                "filemill_gateway_refused_connections",
                "Connections refused: too many were open.",
                value=stats.refused_connections,
            ),
            GaugeMetricFamily("filemill_gateway_open_connections", "Clients connected.", value=stats.open_connections),
            CounterMetricFamily("filemill_gateway_received_bytes", "Request bodies.", value=stats.bytes_from_clients),
            CounterMetricFamily("filemill_gateway_sent_bytes", "Answers.", value=stats.bytes_to_clients),
        ]


async def serve(settings: GatewaySettings, on_ready: Callable[[str], None] | None) -> None:
    """Run until SIGTERM or SIGINT, then let what runs finish."""
    gateway = Gateway(
        build_routes(settings.max_file_bytes),
        upstreams(settings),
        page_dir=best_page(),
        allowed_hosts=None if settings.asks_for_credentials else settings.allowed_hosts,
        on_access=log_access,
        version=__version__,
        # What a service leans on is for operators, who ask the service itself.
        health_detail=not settings.asks_for_credentials,
        callers=Callers(AskingAccess(settings.base_url("access"))) if settings.asks_for_credentials else None,
        on_span=record_span if tracing.enabled() else None,
    )
    port = settings.port()
    try:
        await gateway.start(settings.host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"gateway: port {port} is taken; stop what uses it, or set FILEMILL_GATEWAY_PORT"
            ) from error
        raise StartError(f"gateway: cannot listen on {settings.host}:{port}: {error.strerror}") from error
    REGISTRY.register(StatsCollector(gateway))
    if settings.gateway_metrics_port:
        start_http_server(settings.gateway_metrics_port, addr=settings.host)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gc.collect()
    gc.freeze()  # as the services do: what is here now stays
    if on_ready is not None:
        on_ready(f"http://{settings.host}:{gateway.port}")
    await stop.wait()
    await gateway.stop(settings.gateway_grace_s)


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    settings = load(GatewaySettings)
    start_telemetry(settings, "gateway")
    try:
        uvloop.run(serve(settings, on_ready))
    finally:
        tracing.flush()
