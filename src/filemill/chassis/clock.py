"""The time of day, aware and in UTC. Durations are measured with `time.monotonic`, never with this."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)
