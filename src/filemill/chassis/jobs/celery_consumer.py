"""Celery's consumer without the step that declares queues for delayed tasks. Named in `celery_app`'s settings."""

from typing import ClassVar

from celery.worker import consumer


class Consumer(consumer.Consumer):  # type: ignore[misc]
    """See `celery.worker.consumer.Consumer`."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc]
        """The steps of a consumer's start."""

        default_steps: ClassVar[list[str]] = [
            step for step in consumer.Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]
