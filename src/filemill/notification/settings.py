"""Settings of the notification service."""

import ipaddress

from pydantic import Field, field_validator

from filemill.chassis.networks import listed_networks
from filemill.chassis.outbound import LOOPBACK, Policy
from filemill.chassis.settings import LOOPBACK_HOSTS, PORTS, ServiceSettings

_NEVER = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
"""Link-local: where clouds keep the credentials of their machines."""


class NotificationSettings(ServiceSettings):
    """`FILEMILL_*`.

    `webhook_networks`: networks of one's own that webhooks may call, also over plain HTTP. `webhook_loopback`: whether they
    may call this machine; unset: exactly if nobody but its own user can make any.
    """

    service: str = "notification"
    live_streams_most: int = Field(default=1_000, ge=1)
    live_hours: float = Field(default=24.0, gt=0)
    webhook_loopback: bool | None = None
    webhook_networks: str = ""
    webhook_days: float = Field(default=7.0, ge=4.0)
    webhooks_most: int = Field(default=20, ge=1, le=1_000)
    webhook_tries_at_once: int = Field(default=64, ge=1, le=1_000)
    webhook_queue_most: int = Field(default=50_000, ge=100)

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in listed_networks("FILEMILL_WEBHOOK_NETWORKS", value):
            if any(network.version == never.version and network.overlaps(never) for never in _NEVER):
                raise ValueError(
                    f"FILEMILL_WEBHOOK_NETWORKS: {network} holds link-local addresses, which are never called"
                )
        return value

    @property
    def webhook_policy(self) -> Policy:
        """Where webhooks may lead. Our own ports are never called: a webhook could make events for itself without end."""
        own = {self.port(service) for service in PORTS}
        networks = listed_networks("FILEMILL_WEBHOOK_NETWORKS", self.webhook_networks)
        local = self.webhook_loopback
        if local is None:
            local = self.auth == "none" and self.host in LOOPBACK_HOSTS
        return Policy((*networks, *LOOPBACK) if local else networks, web_ports_only=True, refused_ports=frozenset(own))
