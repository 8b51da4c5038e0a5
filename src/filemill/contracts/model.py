"""The one base of every contract model: unknown fields are ignored, instances are immutable."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its offset (RFC 3339)")
    return value.astimezone(UTC)


def rfc3339(value: datetime) -> str:
    """A time as RFC 3339 UTC with microseconds and `Z`: the only form that leaves a service."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Time = Annotated[datetime, AfterValidator(_utc), PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Contract(BaseModel):
    """Base of event data and HTTP bodies."""

    model_config = ConfigDict(extra="ignore", frozen=True)
