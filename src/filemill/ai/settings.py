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
    ai_idle_s: float = Field(default=300.0, gt=0)
    """After so long without an analysis the tables of the rules leave memory; they come back with the next upload."""
    ai_queue_most: int = Field(default=10_000, ge=1)
    models_dir: Path | None = None
    """Where models are that do not come with filemill; `models` in the data folder when unset."""
    models_off: str = ""
    """Ids of models that are not used, separated by commas."""
    models_ca_file: Path | None = None
    """Certificates (PEM) that `models pull` trusts instead of the public ones."""
    models_from_loopback: bool = False
    """Whether `models pull` may fetch from this machine too, over plain HTTP: for tests and mirrors of your own."""

    models_memory_bytes: int = Field(default=2 * 1024**3, ge=64 * 1024**2)
    """What loaded models may take together, as their entries say."""
    models_idle_s: float = Field(default=300.0, gt=0)
    models_batch: int = Field(default=16, ge=1, le=512)
    models_threads: int = Field(default=0, ge=0, le=256)
    """Threads of one model; 0: one for each core."""
    models_device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where models of PyTorch run whose entries leave it open."""
    models_answer_s: float = Field(default=60.0, gt=0)
    models_preload: str = ""
    """Ids of models to load at the start, separated by commas."""

    @property
    def models_place(self) -> Path:
        """The folder of models."""
        return self.models_dir.expanduser().absolute() if self.models_dir else self.data_dir / "models"

    @property
    def models_disabled(self) -> frozenset[str]:
        """Ids of models that are not used."""
        return frozenset(_ids(self.models_off))

    @property
    def models_preloaded(self) -> list[str]:
        """Ids of models to load at the start."""
        return _ids(self.models_preload)


def _ids(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",") if part.strip()]
