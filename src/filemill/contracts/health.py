"""The body of `/health`, the same for every service."""

from typing import Literal

from pydantic import Field

from filemill.contracts.model import Contract


class DependencyHealth(Contract):
    """One thing a service leans on. `detail` says what is wrong and what still works."""

    status: Literal["ok", "degraded", "down"]
    detail: str | None = None


class BreakerHealth(Contract):
    """A breaker that refuses calls to a dependency (`open`), or lets one through to see whether it is back (`half-open`)."""

    dependency: str
    state: Literal["open", "half-open"]
    next_try_s: float = Field(description="Until the next call is let through.")


class Health(Contract):
    """`ok` or `degraded` is answered with 200, `down` (cannot do its job) with 503."""

    status: Literal["ok", "degraded", "down"]
    service: str
    version: str
    dependencies: dict[str, DependencyHealth]
    breakers: list[BreakerHealth] = Field(
        default_factory=list, description="Of the process that answers; the closed ones are left out."
    )
    workers: int | None = Field(
        default=None,
        description="Worker processes of this service on this machine; absent where it has none or they may be elsewhere.",
    )


class ServiceState(Contract):
    """One service in the sum; of one that does not answer only the status. The rest but the version is shown where nobody is
    asked for credentials.
    """

    status: Literal["ok", "degraded", "down"]
    version: str | None = None
    dependencies: dict[str, DependencyHealth] = Field(default_factory=dict)
    breakers: list[BreakerHealth] = Field(default_factory=list)
    workers: int | None = None


class WholeHealth(Contract):
    """The health of every service: `degraded` while some do their job, and only then 503 when none does."""

    status: Literal["ok", "degraded", "down"]
    service: str
    version: str
    services: dict[str, ServiceState]


class ParkedMessage(Contract):
    """An event or job that failed its last try and waits for a person."""

    id: str
    queue: str
    type: str
    file_id: str | None = None
    tries: int
    reason: str
    parked_at: str
    trace_id: str | None = None
    retry_command: str


class ParkedPage(Contract):
    """What is parked at one service, newest first."""

    items: list[ParkedMessage]
    next_cursor: str | None = None
