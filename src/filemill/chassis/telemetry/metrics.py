"""Prometheus metrics of the chassis. A service adds its own beside its code; `/metrics` shows all of a process."""

import functools

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

REQUESTS = Counter("filemill_http_requests_total", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "filemill_http_request_duration_seconds",
    "Time from the head of a request to the end of its answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REQUESTS_IN_FLIGHT = Gauge("filemill_http_requests_in_flight", "Requests being answered now.")
LOOP_FAILURES = Counter(
    "filemill_background_failures_total", "Background loops that failed and were restarted.", ["loop"]
)
COMMITS = Counter("filemill_database_commits_total", "Write transactions committed.", ["database"])
COMMITTED_WORKS = Counter("filemill_database_works_total", "Pieces of work inside those transactions.", ["database"])
RELAYED = Counter("filemill_outbox_relayed_total", "Events published from the outbox.")
OUTBOX_WAITING = Gauge("filemill_outbox_waiting", "Events in the outbox that are not published yet.")
CONSUMED = Counter("filemill_events_consumed_total", "Events taken from a queue.", ["queue", "outcome"])
CONSUMER_LOOKED = Gauge(
    "filemill_consumer_last_look_timestamp_seconds",
    "When this process last asked a queue for events: one that stands still is dead, whatever else answers.",
    ["queue"],
)
CONSUMER_HANDLED = Gauge(
    "filemill_consumer_last_handled_timestamp_seconds", "When this process last handled an event of a queue.", ["queue"]
)
DATABASE_WAITING = Gauge("filemill_database_works_waiting", "Writes that wait for a transaction.", ["database"])
DATABASE_CONNECTIONS = Gauge(
    "filemill_database_connections_in_use", "Connections of the pool that are lent out.", ["database"]
)
BROKER_UP = Gauge("filemill_broker_up", "1 while this process is connected to the message broker.")
BROKER_RECONNECTS = Counter("filemill_broker_reconnects_total", "Connections to the broker opened after one was lost.")
JOBS = Counter("filemill_jobs_total", "Jobs that ended, by outcome.", ["kind", "outcome"])
WAKE_UPS = Counter("filemill_jobs_wake_ups_total", "Wake-ups sent to workers.", ["lane"])
JOB_SECONDS = Histogram(
    "filemill_job_duration_seconds",
    "Running time of jobs.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
RETRIES = Counter("filemill_retries_total", "Calls made again, or not for want of budget.", ["dependency", "outcome"])
BREAKER_STATE = Gauge("filemill_breaker_open", "1 while the breaker of a dependency is open.", ["dependency"])

SANDBOX_RUNS = Counter("filemill_sandbox_runs_total", "Confined children that ended, by how.", ["entry", "outcome"])
MODEL_CACHE = Counter(
    "filemill_model_cache_total",
    "Batches that found their model in memory (`hit`) or had to load it.",
    ["model", "outcome"],
)
MODEL_ENDED = Counter(
    "filemill_model_ended_total", "Models that left the memory: idle, to make room, spent, or by a failure.", ["model"]
)
MODELS_LOADED_BYTES = Gauge(
    "filemill_models_loaded_bytes", "Memory that the loaded models may take, as their entries say."
)
MODEL_QUESTIONS = Counter("filemill_model_questions_total", "Items a model was asked about.", ["model", "outcome"])
MODEL_BATCHES = Counter("filemill_model_batches_total", "Inferences that answered them.", ["model"])
MODEL_WAITING = Gauge("filemill_model_questions_waiting", "Items that wait for a model.", ["model"])
CALLS_HELD_BACK = Counter(
    "filemill_http_calls_held_back_total", "Calls refused with 429 at the edge, right after one that was counted."
)
REQUESTS_REFUSED = Counter(
    "filemill_http_requests_refused_total",
    "Requests refused with 503: as many waited as are answered in half a second.",
)
RATE_UNCHECKED = Counter(
    "filemill_rate_limit_unchecked_total", "Calls let through because the count could not be asked."
)
SOCKET_THREADS_BUSY = Gauge("filemill_http_socket_threads_busy", "Threads lent to the socket of a large body.")
BODY_BYTES_DRAINED = Counter("filemill_http_drained_bytes_total", "Bytes of bodies that a thread read from the socket.")
BODY_BYTES_SENT_BY_FILE = Counter("filemill_http_sendfile_bytes_total", "Bytes of answers that went by sendfile.")
STORAGE_BUFFERED = Gauge("filemill_storage_buffered_bytes", "Memory of bodies on their way to the remote store.")
STORAGE_RESUMED = Counter("filemill_storage_reads_resumed_total", "Reads from the remote store that broke off.")


@functools.lru_cache(maxsize=1024)
def of_route(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The counter and the clock of one kind of answer: to look them up by label costs more than to count."""
    return REQUESTS.labels(method=method, route=route, status=str(status)), REQUEST_SECONDS.labels(route=route)


def render(accept: str = "") -> tuple[bytes, str]:
    """The text exposition of everything this process counted, and its content type.

    OpenMetrics where `accept` asks for it: only that has exemplars, which link a bucket to a trace.
    """
    encode, content_type = choose_encoder(accept)
    return encode(REGISTRY), content_type
