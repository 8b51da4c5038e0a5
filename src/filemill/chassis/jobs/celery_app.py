"""Our use of Celery: two quorum queues per service, and one task, "take the next job of this lane".

A job is never in a message: results, retries, schedules and remote control of Celery stay unused, so they are switched off.
Queues forget a wake-up at the age at which `waker` sends another, so a backlog of them cannot grow.
"""

from typing import Any

from amqp.exceptions import NotFound, PreconditionFailed
from celery import Celery
from celery.exceptions import OperationalError
from kombu import Connection, Exchange, Queue

from filemill.chassis.errors import StartError
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.table import BULK, INTERACTIVE
from filemill.chassis.jobs.waker import WOKEN_S

LANES = (INTERACTIVE, BULK)
TIME_LIMIT_GRACE_S = 60.0
"""Above a job's own deadline and the sandbox's: only a worker that is stuck itself meets Celery's limit."""
SOFT_SHUTDOWN_S = 3.0
"""For jobs about to end; the others are given back without a try."""
CONNECT_S = 5.0
WAKE_UPS_MOST = 10_000
DELIVERIES_MOST = 20


def task_name(kind: str) -> str:
    """The one task of a service."""
    return f"filemill.{kind}.take_next"


def exchange_name(kind: str) -> str:
    """Where a service's wake-ups are sent."""
    return f"{kind}.wake-ups"


def queue_name(kind: str, lane: str) -> str:
    """The queue of a lane."""
    return f"{kind}.{lane}"


def build_app(url: str, kind: str, deadline_s: float) -> Celery:
    """The app of one service's workers; `deadline_s` is the longest a try may take."""
    app = Celery(f"filemill.{kind}", broker=url, set_as_current=False)
    exchange = Exchange(exchange_name(kind), type="direct", durable=True)
    arguments = {
        "x-queue-type": "quorum",
        "x-message-ttl": int(WOKEN_S * 1000),
        "x-max-length": WAKE_UPS_MOST,
        "x-delivery-limit": DELIVERIES_MOST,
    }
    names = [queue_name(kind, lane) for lane in LANES]
    app.conf.update(
        task_queues=[Queue(name, exchange, routing_key=name, queue_arguments=arguments) for name in names],
        task_default_queue=names[0],
        task_default_queue_type="quorum",
        task_create_missing_queues=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_time_limit=deadline_s + TIME_LIMIT_GRACE_S,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_timeout=CONNECT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # A job longer than the broker waits for an acknowledgement (30 min) costs a channel, and must not cost the worker.
        broker_channel_error_retry=True,
        broker_heartbeat=10,
        worker_prefetch_multiplier=1,
        worker_detect_quorum_queues=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_soft_shutdown_timeout=SOFT_SHUTDOWN_S,
        # Celery would declare 28 queues for delayed tasks, which there are none of.
        worker_consumer="filemill.chassis.jobs.celery_consumer:Consumer",
    )
    return app


def declare(app: Celery) -> None:
    """Make the queues. Raises `StartError` if they are there with other settings: retrying that for ever helps nobody."""
    broker = app.connection_for_write()
    try:
        with broker as connection:
            there = [_is_there(connection, queue.name) for queue in app.conf.task_queues]
            for queue in app.conf.task_queues:
                queue(connection.default_channel).declare()
            if not all(there):
                _settle(connection.default_channel, app.conf.task_default_queue)
    except PreconditionFailed as error:
        raise StartError(
            f"RABBITMQ_URL: {error.reply_text}; delete that queue or name an empty virtual host"
        ) from error
    except (OperationalError, *broker.recoverable_connection_errors) as error:
        raise StartError(f"RABBITMQ_URL: Celery cannot use the broker ({type(error).__name__}); see its log") from error


def _is_there(connection: Connection, name: str) -> bool:
    channel = connection.channel()
    try:
        channel.queue_declare(name, passive=True)
    except NotFound:  # which closed the channel
        return False
    channel.close()
    return True


def _settle(channel: Any, beside: str) -> None:
    """Let the broker write down the queues that it has just made: see `rabbitmq_topology.settle`."""
    name = f"{beside}.settle.{new_id()}"
    arguments = {"x-queue-type": "quorum", "x-expires": 60_000}
    channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
    channel.queue_delete(name)
