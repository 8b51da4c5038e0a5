"""Settings of the access service."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from filemill.chassis.settings import ServiceSettings


class AccessSettings(ServiceSettings):
    """`FILEMILL_*`. Those of OIDC count where `FILEMILL_AUTH` names it."""

    service: str = "access"
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_owner_claim: str = "sub"
    oidc_admin_claim: str | None = None
    oidc_admin_value: str | None = None
    oidc_skew_s: int = Field(default=60, ge=0, le=60)
    oidc_ca_file: Path | None = None

    @model_validator(mode="after")
    def _issuer_is_named(self) -> Self:
        if "oidc" in self.auth_kinds and not (self.oidc_issuer and self.oidc_audience and self.oidc_client_id):
            raise ValueError(
                "FILEMILL_AUTH names oidc: set FILEMILL_OIDC_ISSUER, FILEMILL_OIDC_AUDIENCE and FILEMILL_OIDC_CLIENT_ID"
            )
        return self
