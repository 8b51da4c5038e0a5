"""Settings of the upload service."""

from pathlib import Path

from pydantic import Field

from filemill.chassis.settings import ServiceSettings

GIB = 1024**3


class UploadSettings(ServiceSettings):
    """`FILEMILL_*`; sizes in bytes."""

    service: str = "upload"
    max_file_bytes: int = Field(default=5 * GIB, ge=1)
    min_free_disk_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    quota_bytes: int | None = Field(default=None, ge=1)
    dedupe: str = Field(default="owner", pattern="^(owner|everyone|off)$")
    trash_days: float = Field(default=30.0, ge=0)
    reconcile: str = Field(default="delete", pattern="^(delete|report|off)$")
    reconcile_hours: float = Field(default=6.0, gt=0)
    orphan_hours: float = Field(default=48.0, ge=24)
    idempotency_hours: int = Field(default=24, ge=1)
    body_idle_s: float = Field(default=60.0, gt=0)
    unfinished_hours: int = Field(default=24, ge=1)
    verify_at_once_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    unfinished_most: int = Field(default=10_000, ge=1)
    spool_dir: Path | None = None
    spool_most_bytes: int = Field(default=10 * GIB, ge=1)
