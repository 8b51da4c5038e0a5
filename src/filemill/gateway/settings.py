"""Settings of the local gateway."""

from pydantic import Field

from filemill.chassis.settings import ServiceSettings
from filemill.gateway.routes import DEFAULT_MAX_FILE_BYTES


class GatewaySettings(ServiceSettings):
    """`FILEMILL_*`; sizes in bytes."""

    service: str = "gateway"
    max_file_bytes: int = Field(default=DEFAULT_MAX_FILE_BYTES, ge=1)
    gateway_grace_s: float = Field(default=10.0, ge=0)
    # The edge has no inner port of its own, so its metrics need one; 0 leaves them off.
    gateway_metrics_port: int = Field(default=0, ge=0, le=65535)
