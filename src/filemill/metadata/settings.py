"""Settings of the metadata service."""

from typing import Literal

from pydantic import Field

from filemill.chassis.settings import ServiceSettings


class MetadataSettings(ServiceSettings):
    """`FILEMILL_*`."""

    service: str = "metadata"
    audit: Literal["opens", "all"] = "opens"
    rules: Literal["act", "report", "off"] = "act"
    rules_grace_hours: float = Field(default=24.0, ge=0)
    index_text_characters: int = Field(default=1_000_000, ge=1_000)
