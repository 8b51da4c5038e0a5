"""Settings of the runner itself."""

from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from filemill.chassis.settings import ServiceSettings
from filemill.local.backoff import MAX_S


class RunnerSettings(ServiceSettings):
    """`FILEMILL_*`. `restart_pause_most_s`: the longest wait before a process that died is started again.

    `backup_dir`: with it a backup is made each day at `backup_at`, local times as `03:00` or `03:00, 15:00`.
    """

    restart_pause_most_s: float = Field(default=MAX_S, ge=0.1)
    backup_dir: Path | None = None
    backup_at: str = "03:00"
    backup_keep: int = Field(default=7, ge=1)

    @field_validator("backup_dir")
    @classmethod
    def _at_home(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value is not None else None

    @model_validator(mode="after")
    def _backup(self) -> Self:
        _times(self.backup_at)
        if self.backup_dir is not None:
            folder = self.backup_dir
            if not folder.is_absolute():
                raise ValueError(f"FILEMILL_BACKUP_DIR: {folder} is no whole path; begin it with /")
            if folder.is_relative_to(self.data_dir) or self.data_dir.is_relative_to(folder):
                raise ValueError(f"FILEMILL_BACKUP_DIR: choose a folder outside {self.data_dir}, best on another disk")
        return self

    @cached_property
    def backup_times(self) -> list[time]:
        """When backups are made, local time."""
        return _times(self.backup_at)


def _times(text: str) -> list[time]:
    try:
        return [time.fromisoformat(_padded(part.strip())).replace(tzinfo=None) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"FILEMILL_BACKUP_AT: {text!r} is no time of day; say for example 03:00, or 03:00, 15:00"
        ) from error


def _padded(text: str) -> str:
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(hours) <= 2 and len(minutes) == 2):
        raise ValueError(text)
    return f"{hours:0>2}:{minutes}"
