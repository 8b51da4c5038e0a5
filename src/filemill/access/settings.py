"""Settings of the access service."""

from filemill.chassis.settings import ServiceSettings


class AccessSettings(ServiceSettings):
    """`FILEMILL_*`."""

    service: str = "access"
