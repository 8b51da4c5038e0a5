"""Choose how a service wakes its workers from one setting: with the embedded engines a doorbell does, with RabbitMQ Celery."""

from typing import Protocol

from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings


class Sender(Protocol):
    """Sends wake-ups."""

    async def send(self, lane: str, count: int) -> None:
        """See `waker.Send`."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


def build_sender(settings: ServiceSettings, kind: str) -> Sender | None:
    """The sender of this process; None if workers look for jobs by themselves. Raises `StartError`."""
    if not settings.rabbitmq_url:
        return None
    try:
        from filemill.chassis.jobs.celery_sender import WakeSender
    except ModuleNotFoundError as error:
        raise StartError(f"RABBITMQ_URL: {error.name} is not installed; install filemill[engines]") from error
    return WakeSender(settings.rabbitmq_url, kind)
