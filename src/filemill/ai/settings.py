"""Settings of the ai service and its workers."""

from typing import Literal

from pydantic import Field

from filemill.chassis.settings import ServiceSettings


class AiSettings(ServiceSettings):
    """`FILEMILL_*`."""

    service: str = "ai"
    sandbox: Literal["full", "reduced"] = "full"
    ai_workers: int = Field(default=2, ge=1, le=64)
    ai_deadline_s: float = Field(default=120.0, gt=0)
    analysis_deadline_s: float = Field(default=600.0, gt=0)
    ai_memory_bytes: int = Field(default=1024**3, ge=128 * 1024**2)
    ai_queue_most: int = Field(default=10_000, ge=1)
