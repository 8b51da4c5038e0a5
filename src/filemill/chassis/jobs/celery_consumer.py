"""Celery's consumer as we want it: no queues for delayed tasks, never long away. Named in `celery_app`'s settings."""

from functools import partial
from typing import Any, ClassVar

from celery.worker import consumer

PAUSE_LONGEST_S = 5.0
"""Between two tries to reach a broker that is away; Celery's own grows to half a minute."""


class Consumer(consumer.Consumer):  # type: ignore[misc]
    """See `celery.worker.consumer.Consumer`."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc]
        """The steps of a consumer's start."""

        default_steps: ClassVar[list[str]] = [
            step for step in consumer.Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]

    def ensure_connected(self, conn: Any) -> Any:
        """See `celery.worker.consumer.Consumer.ensure_connected`."""
        conn.ensure_connection = partial(conn.ensure_connection, interval_max=PAUSE_LONGEST_S)
        return super().ensure_connected(conn)
