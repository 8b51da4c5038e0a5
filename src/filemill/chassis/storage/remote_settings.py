"""Where a remote store is and how to get in: `s3://bucket`, `gs://bucket`, `az://container`, and the usual credentials.

S3 is tested against real servers. Google Cloud Storage and Azure are tested for configuration and signing only: they are
**untested against a server**.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from obstore.store import AzureStore, GCSStore, S3Store

from filemill.chassis import server_url
from filemill.chassis.errors import StartError
from filemill.chassis.settings import ServiceSettings

SCHEMES = {"s3": "Amazon S3 or a store that speaks it", "gs": "Google Cloud Storage", "az": "Azure Blob Storage"}
_ROLES = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the credentials for it. `endpoint` None means the cloud's own."""

    scheme: str
    name: str
    endpoint: str | None = None
    public_endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Where it is, for a message: never with credentials."""
        return self.endpoint or SCHEMES[self.scheme]

    @property
    def public(self) -> "Bucket":
        """The same bucket as others reach it: what links are signed for."""
        return replace(self, endpoint=self.public_endpoint or self.endpoint)

    def open(self, **options: Any) -> S3Store | GCSStore | AzureStore:
        """A client for it. No call is made yet."""
        options.setdefault("client_options", {})["allow_http"] = (self.endpoint or "").startswith("http://")
        kind, config = self._how()
        return kind(self.name, config={name: value for name, value in config.items() if value is not None}, **options)

    def _how(self) -> tuple[Callable[..., S3Store | GCSStore | AzureStore], dict[str, Any]]:
        if self.scheme == "gs":
            return GCSStore, {"base_url": self.endpoint}
        if self.scheme == "az":
            return AzureStore, {"endpoint": self.endpoint}
        return S3Store, {
            "endpoint": self.endpoint,
            "region": self.region or "us-east-1",
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "session_token": self.session_token,
            "virtual_hosted_style_request": False,
            "disable_bulk_delete": True,  # Swift and others lack it, and we delete one at a time
        }


def read_bucket(settings: ServiceSettings) -> Bucket:
    """The bucket that the settings name. Raises `StartError`."""
    url = urlsplit(settings.storage_url or "")
    if url.scheme not in SCHEMES:
        raise StartError(
            f"STORAGE_URL: {url.scheme or 'nothing'}:// is no store; use s3://bucket, gs://bucket, az://container, "
            "file:///folder, or unset it for the local folder"
        )
    if not url.hostname or url.path.strip("/") or url.username or url.query:
        raise StartError(f"STORAGE_URL: write {url.scheme}://bucket with nothing behind the name of the bucket")
    bucket = Bucket(
        scheme=url.scheme,
        name=url.netloc,
        endpoint=_address("STORAGE_SERVICE_URL", settings.storage_service_url),
        public_endpoint=_address("FILEMILL_PUBLIC_STORAGE_URL", settings.public_storage_url),
        region=settings.aws_region,
        access_key_id=settings.aws_access_key_id,
        secret_access_key=settings.aws_secret_access_key.get_secret_value() if settings.aws_secret_access_key else None,
        session_token=settings.aws_session_token.get_secret_value() if settings.aws_session_token else None,
    )
    if bucket.scheme == "s3":
        _check_keys(bucket)
    return bucket


def _check_keys(bucket: Bucket) -> None:
    given = {"AWS_ACCESS_KEY_ID": bucket.access_key_id, "AWS_SECRET_ACCESS_KEY": bucket.secret_access_key}
    missing = [name for name, value in given.items() if not value]
    if len(missing) == 1:
        raise StartError(f"{missing[0]}: is not set, but its other half is; set both, or neither to use a role")
    if missing and bucket.endpoint and not any(os.environ.get(name) for name in _ROLES):
        raise StartError(
            f"AWS_ACCESS_KEY_ID: is not set, and {bucket.endpoint} gives no role; set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY (or their _FILE forms)"
        )


def _address(variable: str, text: str | None) -> str | None:
    if not text:
        return None
    form = "http://host:port or https://host, without user, password or query"
    url = server_url.read(variable, text, ("http", "https"), form)
    if url.username or url.password or url.query:
        raise StartError(f"{variable}: it must be {form}")
    return text.rstrip("/")
