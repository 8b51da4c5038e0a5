"""Settings of the runner itself."""

from pydantic import Field

from filemill.chassis.settings import ServiceSettings
from filemill.local.backoff import MAX_S


class RunnerSettings(ServiceSettings):
    """`FILEMILL_*`. `restart_pause_most_s`: the longest wait before a process that died is started again."""

    restart_pause_most_s: float = Field(default=MAX_S, ge=0.1)
