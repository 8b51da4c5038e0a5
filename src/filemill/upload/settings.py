"""Settings of the upload service."""

from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, model_validator

from filemill.chassis.settings import ServiceSettings
from filemill.upload.policy import TypePolicy, read_patterns, read_sizes

GIB = 1024**3


class UploadSettings(ServiceSettings):
    """`FILEMILL_*`; sizes in bytes."""

    service: str = "upload"
    max_file_bytes: int = Field(default=5 * GIB, ge=1)
    min_free_disk_bytes: int | None = Field(default=None, ge=0)
    allow_types: str = ""
    deny_types: str = ""
    max_bytes_by_type: str = ""
    polyglots: str = Field(default="flag", pattern="^(flag|refuse|allow)$")
    quota_bytes: int | None = Field(default=None, ge=1)
    dedupe: str = Field(default="owner", pattern="^(owner|everyone|off)$")
    compression: str = Field(default="on", pattern="^(on|off)$")
    compression_min_bytes: int = Field(default=16 * 1024, ge=4096)
    compression_after_s: float = Field(default=3600.0, ge=0)
    accel_redirect: str = Field(default="off", pattern="^(on|off)$")
    trash_days: float = Field(default=30.0, ge=0)
    reconcile: str = Field(default="delete", pattern="^(delete|report|off)$")
    reconcile_hours: float = Field(default=6.0, gt=0)
    orphan_hours: float = Field(default=48.0, ge=24)
    idempotency_hours: int = Field(default=24, ge=1)
    uploads_at_once: int = Field(default=100, ge=0)
    body_idle_s: float = Field(default=60.0, gt=0)
    unfinished_hours: int = Field(default=24, ge=1)
    verify_at_once_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    unfinished_most: int = Field(default=10_000, ge=1)
    zip_most_bytes: int = Field(default=20 * GIB, ge=1)
    clamd_url: str | None = Field(default=None, validation_alias=AliasChoices("clamd_url", "CLAMD_URL"))
    scan_too_large: str = Field(default="quarantine", pattern="^(quarantine|serve)$")
    spool_dir: Path | None = None
    spool_most_bytes: int = Field(default=10 * GIB, ge=1)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        readers = {"allow_types": read_patterns, "deny_types": read_patterns, "max_bytes_by_type": read_sizes}
        for name, read in readers.items():
            try:
                read(getattr(self, name))
            except ValueError as error:
                raise ValueError(f"FILEMILL_{name.upper()}: {error}") from error
        return self

    @property
    def uploads_at_once_most(self) -> int | None:
        """Bodies of one owner at once; None where there is one owner only, or no limit."""
        return (self.uploads_at_once or None) if self.asks_for_credentials else None

    @cached_property
    def policy(self) -> TypePolicy:
        """Which types are taken."""
        return TypePolicy(
            read_patterns(self.allow_types), read_patterns(self.deny_types), read_sizes(self.max_bytes_by_type)
        )
