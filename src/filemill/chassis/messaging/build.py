"""Choose the transport from one setting: unset means the embedded queues in the data folder."""

from filemill.chassis.errors import StartError
from filemill.chassis.messaging.sqlite_transport import SqliteTransport
from filemill.chassis.settings import ServiceSettings


def build_transport(settings: ServiceSettings) -> SqliteTransport:
    """The transport of this process. Raises `StartError` for a URL that no adapter serves."""
    if settings.rabbitmq_url:
        raise StartError("RABBITMQ_URL: only the embedded queues are built so far; unset it")
    return SqliteTransport(settings.data_dir / "queues")


def place_of_queues(settings: ServiceSettings) -> str:
    """What is the same for two settings exactly if they choose the same broker. Not for people: it may hold a password."""
    return settings.rabbitmq_url or str(settings.data_dir / "queues")
