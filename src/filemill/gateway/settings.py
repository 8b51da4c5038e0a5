"""Settings of the local gateway."""

from collections.abc import Mapping

from pydantic import Field, field_validator

from filemill.chassis.settings import PORTS, ServiceSettings
from filemill.gateway.addresses import Address, parse_upstreams
from filemill.gateway.routes import DEFAULT_MAX_FILE_BYTES


class GatewaySettings(ServiceSettings):
    """`FILEMILL_*`; sizes in bytes. `gateway_upstreams`: where services answer that are not this machine's own."""

    service: str = "gateway"
    max_file_bytes: int = Field(default=DEFAULT_MAX_FILE_BYTES, ge=1)
    gateway_upstreams: str = ""
    gateway_grace_s: float = Field(default=10.0, ge=0)
    # The edge has no inner port of its own, so its metrics need one; 0 leaves them off.
    gateway_metrics_port: int = Field(default=0, ge=0, le=65535)

    @field_validator("gateway_upstreams")
    @classmethod
    def _addresses(cls, value: str) -> str:
        unknown = set(parse_upstreams(value)) - set(PORTS)
        if unknown:
            raise ValueError(f"there is no service {', '.join(sorted(unknown))}; there are {', '.join(sorted(PORTS))}")
        return value

    @property
    def named_upstreams(self) -> Mapping[str, tuple[Address, ...]]:
        """The instances of services that have been named."""
        return parse_upstreams(self.gateway_upstreams)
