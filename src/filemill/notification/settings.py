"""Settings of the notification service."""

from pydantic import Field

from filemill.chassis.settings import ServiceSettings


class NotificationSettings(ServiceSettings):
    """`FILEMILL_*`."""

    service: str = "notification"
    live_streams_most: int = Field(default=1_000, ge=1)
    live_hours: float = Field(default=24.0, gt=0)
