"""Settings of the ai service and its workers."""

from pathlib import Path
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
    models_dir: Path | None = None
    """Where models are that do not come with filemill; `models` in the data folder when unset."""
    models_off: str = ""
    """Ids of models that are not used, separated by commas."""
    models_from_loopback: bool = False
    """Whether `models pull` may fetch from this machine too, over plain HTTP: for tests and mirrors of your own."""

    @property
    def models_place(self) -> Path:
        """The folder of models."""
        return self.models_dir.expanduser().absolute() if self.models_dir else self.data_dir / "models"

    @property
    def models_disabled(self) -> frozenset[str]:
        """Ids of models that are not used."""
        return frozenset(filter(None, (part.strip() for part in self.models_off.split(","))))
