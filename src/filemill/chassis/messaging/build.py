"""Choose the transport from one setting: unset means the embedded queues in the data folder."""

from filemill.chassis import server_url
from filemill.chassis.errors import StartError
from filemill.chassis.messaging.faulty import with_faults
from filemill.chassis.messaging.sqlite_transport import SqliteTransport
from filemill.chassis.messaging.transport import Broker
from filemill.chassis.settings import ServiceSettings


def build_transport(settings: ServiceSettings) -> Broker:
    """The transport of this process, not connected yet. Raises `StartError` for a URL that no adapter serves."""
    if not settings.rabbitmq_url:
        return with_faults(SqliteTransport(settings.data_dir / "queues"))
    form = "amqp://user:password@host:5672/vhost (amqps:// for TLS)"
    server_url.read("RABBITMQ_URL", settings.rabbitmq_url, ("amqp", "amqps"), form)
    try:
        from filemill.chassis.messaging.rabbitmq_transport import RabbitMqTransport
    except ModuleNotFoundError as error:
        raise StartError(
            f"RABBITMQ_URL needs {error.name}, which is not installed: pip install 'filemill[engines]'"
        ) from error
    return with_faults(RabbitMqTransport(settings.rabbitmq_url, settings.service))


async def open_transport(settings: ServiceSettings) -> Broker:
    """The transport of this process, in reach. Raises `StartError` if it is not: a service needs its broker to start,
    and only then can do without it for a while."""
    transport = build_transport(settings)
    await transport.check()
    return transport


def place_of_queues(settings: ServiceSettings) -> str:
    """What is the same for two settings exactly if they choose the same broker. Not for people: it may hold a password."""
    return settings.rabbitmq_url or str(settings.data_dir / "queues")
