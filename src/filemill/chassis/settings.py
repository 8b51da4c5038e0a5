"""Settings every service shares, read from `FILEMILL_*` (and the names deployments expect) and checked at start.

A service subclasses `ServiceSettings` beside its own code. Every default works; a secret can come as `NAME_FILE`.
A wrong value stops the start with one line that names the variable, the problem and the fix (`StartError`).
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from filemill.chassis.errors import StartError
from filemill.chassis.networks import listed_networks

PORTS: Mapping[str, int] = {
    "gateway": 8080,
    "upload": 8000,
    "metadata": 8001,
    "ai": 8002,
    "processing": 8003,
    "notification": 8004,
    "access": 8005,
}
"""Default port of each service. Fixed names: clients are written against them."""

SECRETS = (
    "DATABASE_URL",
    "REDIS_URL",
    "RABBITMQ_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
"""Names without our prefix that may come as `NAME_FILE`. Others that end so are not ours (`AWS_WEB_IDENTITY_TOKEN_FILE`)."""

SAMPLE = "sample-secret"
"""Stands in every secret that comes with the repository. They are for trials that ask nobody for credentials, no more."""

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


class ServiceSettings(BaseSettings):
    """What every service needs to know. `service` is set by the subclass."""

    model_config = SettingsConfigDict(env_prefix="FILEMILL_", extra="ignore", frozen=True, populate_by_name=True)

    service: str = ""
    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    auth: str = "none"
    public_url: str | None = None
    cors_origins: str = ""
    trusted_proxies: str = "127.0.0.0/8,::1"
    signing_keys: SecretStr | None = None
    identity_keys: SecretStr | None = None
    rate_per_s: float = Field(default=50.0, ge=0, le=1_000_000)
    rate_burst: int = Field(default=200, ge=1, le=1_000_000)
    drain_s: float = Field(default=6.0, ge=0, le=600)
    grace_s: float = Field(default=20.0, ge=0, le=3600)
    metrics_host: str | None = None
    log_format: str = Field(default="auto", pattern="^(auto|json|pretty)$")
    log_dir: Path | None = None
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    database_url: str | None = Field(default=None, validation_alias=AliasChoices("database_url", "DATABASE_URL"))
    redis_url: SecretStr | None = Field(default=None, validation_alias=AliasChoices("redis_url", "REDIS_URL"))
    rabbitmq_url: str | None = Field(default=None, validation_alias=AliasChoices("rabbitmq_url", "RABBITMQ_URL"))
    storage_url: str | None = Field(default=None, validation_alias=AliasChoices("storage_url", "STORAGE_URL"))
    storage_service_url: str | None = Field(
        default=None, validation_alias=AliasChoices("storage_service_url", "STORAGE_SERVICE_URL")
    )
    public_storage_url: str | None = None
    aws_region: str | None = Field(
        default=None, validation_alias=AliasChoices("aws_region", "AWS_REGION", "AWS_DEFAULT_REGION")
    )
    aws_access_key_id: str | None = Field(
        default=None, validation_alias=AliasChoices("aws_access_key_id", "AWS_ACCESS_KEY_ID")
    )
    aws_secret_access_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY")
    )
    aws_session_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("aws_session_token", "AWS_SESSION_TOKEN")
    )
    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            if not _ORIGIN.fullmatch(one):
                raise ValueError(
                    f"FILEMILL_CORS_ORIGINS lists origins as https://app.example or http://host:5173, not {one!r}"
                )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        listed_networks("FILEMILL_TRUSTED_PROXIES", value)
        return value

    @model_validator(mode="after")
    def _safe_exposure(self) -> Self:
        unknown = self.auth_kinds - {"none", "keys", "oidc"}
        if unknown:
            raise ValueError(f"FILEMILL_AUTH knows none, keys and oidc, not {', '.join(sorted(unknown))}")
        if not self.asks_for_credentials and len(self.auth_kinds) > 1:
            raise ValueError(
                "FILEMILL_AUTH: 'none' asks nobody for credentials, so it cannot stand beside another kind"
            )
        if self.asks_for_credentials:
            return self
        if self.host not in LOOPBACK_HOSTS:
            explicit = "FILEMILL_AUTH" in os.environ
            if not (explicit and _is_loopback_url(self.public_url)):
                raise ValueError(
                    "FILEMILL_HOST listens beyond this machine but nobody is asked for credentials; "
                    "set FILEMILL_AUTH=keys, or FILEMILL_HOST=127.0.0.1"
                )
        return self

    @model_validator(mode="after")
    def _no_sample_secrets(self) -> Self:
        if self.asks_for_credentials:
            for name, value in _secrets_of(self):
                if value and (SAMPLE in value or SAMPLE.encode().hex() in value):
                    raise ValueError(
                        f"{name} is the sample that comes with filemill, which everybody knows; "
                        "make your own with deployment/compose/make-secrets.sh"
                    )
        return self

    @property
    def auth_kinds(self) -> frozenset[str]:
        """By what callers are recognised: `none` alone, or `keys`, `oidc`."""
        return frozenset(part.strip() for part in self.auth.split(","))

    @property
    def asks_for_credentials(self) -> bool:
        """False where whoever reaches this is the local user."""
        return "none" not in self.auth_kinds

    def port(self, service: str | None = None) -> int:
        """The TCP port of a service: `FILEMILL_<SERVICE>_PORT`, else the fixed default. 0 lets the system choose."""
        name = service or self.service
        text = os.environ.get(f"FILEMILL_{name.upper()}_PORT", "")
        return _port(f"FILEMILL_{name.upper()}_PORT", text) if text else PORTS[name]

    @property
    def worker_metrics_port(self) -> int:
        """The port of the metrics of this service's worker, `FILEMILL_<SERVICE>_WORKER_METRICS_PORT`. 0: there is none."""
        name = f"FILEMILL_{self.service.upper()}_WORKER_METRICS_PORT"
        return _port(name, os.environ.get(name, "") or "0")

    def base_url(self, service: str) -> str:
        """Where another service answers: `FILEMILL_<SERVICE>_URL`, else its port on this machine."""
        explicit = os.environ.get(f"FILEMILL_{service.upper()}_URL")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return explicit.rstrip("/") if explicit else f"http://{host}:{self.port(service)}"

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Host names this installation answers to while it asks nobody for credentials.

        Its own services count by the names they call each other by: on a network of containers these are not loopback.
        """
        urls = [self.public_url, *(os.environ.get(f"FILEMILL_{service.upper()}_URL") for service in PORTS)]
        named = {urlsplit(url).hostname for url in urls if url}
        return frozenset({*LOOPBACK_HOSTS, "[::1]", self.host, *filter(None, named)})

    @property
    def allowed_origins(self) -> frozenset[str]:
        """Origins whose pages may call from a browser, as browsers name them."""
        return frozenset(filter(None, (part.strip().lower() for part in self.cors_origins.split(","))))

    @property
    def sockets_dir(self) -> Path:
        """Folder of the Unix sockets the local gateway talks to."""
        return self.data_dir / "run"


Settings = TypeVar("Settings", bound=ServiceSettings)


def load(kind: type[Settings], **overrides: Any) -> Settings:
    """Read the settings of one service. Raises `StartError` with one clear line; a retry without a change is useless."""
    _read_secret_files()
    try:
        return kind(**overrides)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]) or kind.__name__
        message = first["msg"].removeprefix("Value error, ")
        variable = name.upper() if name.isupper() else f"FILEMILL_{name.upper()}"
        named = message.startswith(("FILEMILL_", *SECRETS))
        raise StartError(message if named else f"{variable}: {message}") from error


def _port(variable: str, text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise StartError(f"{variable} is {text!r}; it must be a number from 0 to 65535")
    return int(text)


def _read_secret_files() -> None:
    """`FILEMILL_X_FILE=/run/secrets/x` sets `FILEMILL_X` to that file's content: the habit of container secrets."""
    files = [name for name in os.environ if name.startswith("FILEMILL_") and name.endswith("_FILE")]
    for name in [*files, *(f"{name}_FILE" for name in SECRETS if f"{name}_FILE" in os.environ)]:
        path = Path(os.environ[name])
        try:
            os.environ[name.removesuffix("_FILE")] = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise StartError(f"{name} names {path}, which cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise StartError(f"{name} names {path}, which is not a text in UTF-8") from error


def _secrets_of(settings: ServiceSettings) -> Iterator[tuple[str, str | None]]:
    """Each secret by the name of its variable. Databases of single services have variables of their own."""
    for name in (*SECRETS, *(name for name in os.environ if re.fullmatch(r"FILEMILL_[A-Z]+_DATABASE_URL", name))):
        yield name, os.environ.get(name)
    for name, kept in settings:
        if isinstance(kept, SecretStr):
            yield f"FILEMILL_{name.upper()}", kept.get_secret_value()


def _is_loopback_url(url: str | None) -> bool:
    return url is not None and urlsplit(url).hostname in LOOPBACK_HOSTS
