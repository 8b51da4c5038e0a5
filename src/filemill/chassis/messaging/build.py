"""Choose the transport from one setting: unset means the embedded queues in the data folder."""

from filemill.chassis.errors import StartError
from filemill.chassis.messaging.sqlite_transport import SqliteTransport
from filemill.chassis.settings import ServiceSettings


def build_transport(settings: ServiceSettings) -> SqliteTransport:
    """The transport of this process. Raises `StartError` for a URL that no adapter serves."""
    if settings.rabbitmq_url:
        raise StartError("RABBITMQ_URL: only the embedded queues are built so far; unset it")
    return SqliteTransport(settings.data_dir / "queues")
