"""What the S3 servers of the tests share: a fresh bucket for each test, the settings that lead to it, a look inside."""

from itertools import count
from typing import Any


class S3Server:
    """Speaks S3 on `port`; `access_key` and `secret_key` open it."""

    name: str
    port: int
    access_key: str
    secret_key: str

    def __init__(self) -> None:
        self._numbers = count(1)
        self._client: Any = None

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Any:
        """A client of its own, not the product's: for looking at what the product left there."""
        if self._client is None:
            import botocore.session
            from botocore.config import Config

            session = botocore.session.Session()
            session.set_credentials(self.access_key, self.secret_key)
            style = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
            self._client = session.create_client("s3", region_name="us-east-1", endpoint_url=self.url, config=style)
        return self._client

    def fresh_bucket(self) -> str:
        """The name of a new, empty bucket."""
        bucket = f"bucket{next(self._numbers)}"
        self.client().create_bucket(Bucket=bucket)
        return bucket

    def environment(self, bucket: str, endpoint: str | None = None) -> dict[str, str]:
        """The settings with which filemill uses a bucket of this server, directly or through `endpoint`."""
        return {
            "STORAGE_URL": f"s3://{bucket}",
            "STORAGE_SERVICE_URL": endpoint or self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
        }

    def keys(self, bucket: str) -> dict[str, int]:
        """Every object and its size."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", ())}

    def open_uploads(self, bucket: str) -> list[str]:
        """The keys of multipart uploads that were neither completed nor aborted."""
        return [one["Key"] for one in self.client().list_multipart_uploads(Bucket=bucket).get("Uploads", ())]
